// Benchmark: CRC-32 by table over 4 KiB. The argument is about how many million instructions.
#include "guest.h"

#define LENGTH 4096
#define ROUNDS_PER_MILLION 22

static u32 table[256];
static u8 data[LENGTH];

static u32 crc(u32 value) {
  value = ~value;
  for (u64 i = 0; i < LENGTH; i++) value = value >> 8 ^ table[(value ^ data[i]) & 0xff];
  return ~value;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)envp;
  for (u32 i = 0; i < 256; i++) {
    u32 value = i;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
    table[i] = value;
  }
  for (u64 i = 0; i < LENGTH; i++) data[i] = i * 7 + (i >> 8);

  u64 rounds = number_or(argv[1], 2) * ROUNDS_PER_MILLION;
  u32 value = 0;
  for (u64 i = 0; i < rounds; i++) value = crc(value);
  print("CRC-32 of %lu blocks: %x\n", rounds, value);
  return 0;
}
