// A kernel of its own in one file: EL1 builds tables of 39-bit addresses and turns the MMU on, maps pages when they are
// first touched, by itself or by its program at EL0, and counts them.
#include "guest.h"

// Descriptors (Arm ARM D8.3): the last level's pages, the tables above, and blocks of 1 GiB.
#define TABLE 3UL
#define PAGE_LEAF 3UL
#define BLOCK 1UL
#define DEVICE (1UL << 2)
#define USER (1UL << 6)
#define READ_ONLY (1UL << 7)
#define INNER_SHAREABLE (3UL << 8)
#define AF (1UL << 10)
#define PXN (1UL << 53)
#define UXN (1UL << 54)
#define NEVER_EXECUTE (PXN | UXN)
#define FRAME 0xfffffffff000UL

#define DEMAND_K 0x80000000UL
#define DEMAND_U 0x80200000UL
#define DEMAND_PAGES 8UL
#define USER_CODE 0x90000000UL
#define FORBIDDEN 0xa0000000UL

// Exception classes, and the fault status without its level.
#define EC_SVC 0x15
#define EC_DATA_LOWER 0x24
#define EC_DATA_SAME 0x25
#define TRANSLATION 0x04
#define PERMISSION 0x0c
#define WNR (1UL << 6)

#define MAIR 0x04ffUL
// T0SZ 25, write-back tables in inner shareable memory, no TTBR1, 36 bits of physical address.
#define TCR (25UL | 1UL << 8 | 1UL << 10 | 3UL << 12 | 1UL << 23 | 1UL << 32)
// The MMU, caches, SP alignment checks, and the bits that read as one in Armv8.0; SPAN clear sets PAN at each entry.
#define SCTLR (0x30500800UL | 1 << 0 | 1 << 2 | 1 << 3 | 1 << 12)

typedef u64 Table[512];

static Table root __attribute__((aligned(4096)));
static u8 pool[32][PAGE] __attribute__((aligned(4096)));
static u64 pool_used;

static volatile u64 loads, stores, upgrades, from_user, expected_faults;
static volatile u64 expected_class, expected_status, expected_address;

// The user program, which is copied to a frame and mapped at USER_CODE: stores a number in each of the demand pages,
// adds them up again, and hands the sum over in a supervisor call. It has no stack.
__asm__(
    ".balign 4\n"
    "user_program:\n"
    "  mov x9, #0x80200000\n"
    "  mov x10, #8\n"
    "1: str x10, [x9, #24]\n"
    "  add x9, x9, #4096\n"
    "  subs x10, x10, #1\n"
    "  b.ne 1b\n"
    "  mov x10, #8\n"
    "  mov x0, #0\n"
    "2: sub x9, x9, #4096\n"
    "  ldr x11, [x9, #24]\n"
    "  add x0, x0, x11\n"
    "  subs x10, x10, #1\n"
    "  b.ne 2b\n"
    "  svc #0\n"
    "3: b 3b\n"
    "user_program_end:\n");
extern u8 user_program[], user_program_end[];

static u8 *new_frame(void) {
  if (pool_used == sizeof pool / PAGE) leave(10);
  return pool[pool_used++];
}

// The leaf descriptor for `address`, with the tables on the way to it made where they are missing.
static u64 *leaf_of(u64 address) {
  u64 *table = root;
  for (int level = 1; level < 3; level++) {
    u64 *entry = &table[address >> (39 - 9 * level) & 511];
    if (!(*entry & 1)) *entry = (u64)new_frame() | TABLE;
    table = (u64 *)(*entry & FRAME);
  }
  return &table[address >> 12 & 511];
}

// Break before make: an entry that is valid goes away, everywhere, before another takes its place.
static void map(u64 address, u64 frame, u64 flags) {
  u64 *leaf = leaf_of(address);
  *leaf = 0;
  __asm__ volatile("dsb ishst\n\ttlbi vaae1is, %0\n\tdsb ish" : : "r"(address >> 12) : "memory");
  *leaf = frame | flags | INNER_SHAREABLE | AF | PAGE_LEAF;
  __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
}

static void set_pan(int pan) {
  // MSR PAN, #imm, which an assembler for Armv8.0 does not know.
  if (pan) __asm__ volatile(".inst 0xd500419f" : : : "memory");
  else __asm__ volatile(".inst 0xd500409f" : : : "memory");
}

__attribute__((noreturn)) static void finish(u64 sum) {
  check(loads == 2 && stores == DEMAND_PAGES - 1, "EL1: 2 pages mapped by loads, 7 by stores");
  check(upgrades == 1, "EL1: 1 read-only page made writable");
  check(from_user == DEMAND_PAGES, "EL0: 8 pages mapped");
  check(sum == DEMAND_PAGES * (DEMAND_PAGES + 1) / 2, "EL0: what it stored adds up");

  set_pan(0);
  u64 seen = load64(opaque(DEMAND_U + 24));
  set_pan(1);
  check(seen == DEMAND_PAGES, "EL1: sees the user's page with PAN clear");
  check(expected_faults == 4, "EL1: 4 faults that it provoked");
  leave(failures != 0);
}

// The handler proper; returns how far to move ELR on.
__attribute__((used)) static u64 on_trap(u64 x0) {
  u64 esr = SYSTEM_READ("esr_el1");
  u64 address = SYSTEM_READ("far_el1");
  u64 class = esr >> 26 & 0x3f;
  u64 status = esr & 0x3c;

  if (class == EC_SVC) finish(x0);
  if (class == expected_class && status == expected_status && address == expected_address) {
    expected_faults++;
    expected_class = 0;
    return 4;
  }
  int user = class == EC_DATA_LOWER;
  u64 base = user ? DEMAND_U : DEMAND_K;
  if ((class != EC_DATA_LOWER && class != EC_DATA_SAME) || address - base >= (DEMAND_PAGES + 1) * PAGE) {
    print("unexpected exception: class %lx, status %lx, address %lx, pc %lx\n", class, esr & 0x3f, address,
          SYSTEM_READ("elr_el1"));
    leave(11);
  }

  u64 *leaf = leaf_of(address);
  if (status == PERMISSION) {
    // There already, so the store found it read-only; anything else would fault for ever.
    if (!(esr & WNR) || !(*leaf & READ_ONLY)) leave(12);
    map(address, *leaf & FRAME, NEVER_EXECUTE);
    upgrades++;
  } else if (status != TRANSLATION) {
    leave(13);
  } else if (user) {
    map(address, (u64)new_frame(), USER | NEVER_EXECUTE);
    from_user++;
  } else if (esr & WNR) {
    map(address, (u64)new_frame(), NEVER_EXECUTE);
    stores++;
  } else {
    map(address, (u64)new_frame(), READ_ONLY | NEVER_EXECUTE);
    loads++;
  }
  return 0;
}

// Sixteen vectors of 128 bytes; all but the synchronous ones stop. Always on EL1's own stack.
__asm__(
    ".macro synchronous\n"
    "  .balign 128\n"
    "  b enter\n"
    ".endm\n"
    ".macro unexpected\n"
    "  .balign 128\n"
    "  b .\n"
    ".endm\n"
    ".balign 2048\n"
    "vectors:\n"
    "  unexpected\n  unexpected\n  unexpected\n  unexpected\n"
    "  synchronous\n  unexpected\n  unexpected\n  unexpected\n"
    "  synchronous\n  unexpected\n  unexpected\n  unexpected\n"
    "  unexpected\n  unexpected\n  unexpected\n  unexpected\n"
    "  .balign 128\n"
    "enter:\n"
    "  stp x0, x1, [sp, #-160]!\n"
    "  stp x2, x3, [sp, #16]\n"
    "  stp x4, x5, [sp, #32]\n"
    "  stp x6, x7, [sp, #48]\n"
    "  stp x8, x9, [sp, #64]\n"
    "  stp x10, x11, [sp, #80]\n"
    "  stp x12, x13, [sp, #96]\n"
    "  stp x14, x15, [sp, #112]\n"
    "  stp x16, x17, [sp, #128]\n"
    "  stp x18, x30, [sp, #144]\n"
    "  bl on_trap\n"
    "  mrs x1, elr_el1\n"
    "  add x1, x1, x0\n"
    "  msr elr_el1, x1\n"
    "  ldp x2, x3, [sp, #16]\n"
    "  ldp x4, x5, [sp, #32]\n"
    "  ldp x6, x7, [sp, #48]\n"
    "  ldp x8, x9, [sp, #64]\n"
    "  ldp x10, x11, [sp, #80]\n"
    "  ldp x12, x13, [sp, #96]\n"
    "  ldp x14, x15, [sp, #112]\n"
    "  ldp x16, x17, [sp, #128]\n"
    "  ldp x18, x30, [sp, #144]\n"
    "  ldp x0, x1, [sp], #160\n"
    "  eret\n");
extern u8 vectors[];

static void expect(u64 class, u64 status, u64 address) {
  expected_class = class;
  expected_status = status;
  expected_address = address;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  SYSTEM_WRITE("vbar_el1", vectors);
  // All of the devices and the first GiB of RAM as they are, by two blocks that EL0 may not touch.
  root[0] = NEVER_EXECUTE | AF | DEVICE | BLOCK;
  root[1] = 0x40000000UL | UXN | INNER_SHAREABLE | AF | BLOCK;
  SYSTEM_WRITE("mair_el1", MAIR);
  SYSTEM_WRITE("tcr_el1", TCR);
  SYSTEM_WRITE("ttbr0_el1", root);
  __asm__ volatile("dsb ish\n\ttlbi vmalle1\n\tdsb ish\n\tisb" : : : "memory");
  SYSTEM_WRITE("sctlr_el1", SCTLR);
  __asm__ volatile("isb");
  set_pan(1);
  print("EL1 with tables of its own\n");

  // Page 0 is loaded from and later stored to, pages 1 to 6 are stored to; a store lies across pages 7 and 8.
  check(load64(opaque(DEMAND_K + 16)) == 0, "EL1: page first touched by a load is zero");
  store64(opaque(DEMAND_K + 16), 100);
  for (u64 page = DEMAND_PAGES - 2; page >= 1; page--) store64(opaque(DEMAND_K + page * PAGE), page);
  check(load64(opaque(DEMAND_K + 8 * PAGE)) == 0, "EL1: page behind the others is zero");
  // Made writable beforehand, so that only the first half of the next store faults.
  map(DEMAND_K + 8 * PAGE, *leaf_of(DEMAND_K + 8 * PAGE) & FRAME, NEVER_EXECUTE);
  store64(opaque(DEMAND_K + 8 * PAGE - 4), 0x8877665544332211);
  check(load64(opaque(DEMAND_K + 8 * PAGE - 4)) == 0x8877665544332211, "EL1: store across two pages");
  u64 sum = load64(opaque(DEMAND_K + 16));
  for (u64 page = 1; page < DEMAND_PAGES - 1; page++) sum += load64(opaque(DEMAND_K + page * PAGE));
  check(sum == 121, "EL1: what it stored adds up");

  u8 *code = new_frame();
  for (u64 i = 0; i < (u64)(user_program_end - user_program); i++) code[i] = user_program[i];
  __asm__ volatile("dsb ish\n\tic iallu\n\tdsb ish\n\tisb" : : : "memory");
  map(USER_CODE, (u64)code, USER | READ_ONLY | PXN);
  map(FORBIDDEN, (u64)new_frame(), USER | NEVER_EXECUTE);
  expect(EC_DATA_SAME, PERMISSION, FORBIDDEN);
  load64(opaque(FORBIDDEN));
  expect(EC_DATA_SAME, PERMISSION, FORBIDDEN + 8);
  store64(opaque(FORBIDDEN + 8), 0);
  expect(EC_DATA_SAME, PERMISSION, USER_CODE);
  store64(opaque(USER_CODE), 0);
  // Beyond the 39 bits that TTBR0 translates.
  expect(EC_DATA_SAME, TRANSLATION, 1UL << 39);
  load64(opaque(1UL << 39));

  print("EL0\n");
  SYSTEM_WRITE("spsr_el1", 0);
  SYSTEM_WRITE("elr_el1", USER_CODE);
  __asm__ volatile("eret");
  __builtin_unreachable();
}
