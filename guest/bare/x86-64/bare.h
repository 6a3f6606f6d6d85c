// The target's part of guest.h for bare-metal images: a 16550 behind I/O ports, QEMU's isa-debug-exit, which makes exit
// status 2 * status + 1 of what it is told and counts 0 as a pass, and the start.
ALWAYS_INLINE void out8(u16 port, u8 value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
ALWAYS_INLINE void out32(u16 port, u32 value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}
ALWAYS_INLINE u8 in8(u16 port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
#define UART_READY() (in8(0x3fd) & 0x20)
#define UART_PUT(byte) out8(0x3f8, byte)
#define POWER_OFF(status) out32(0xf4, status)

#define CONTROL_READ(name)                                \
  ({                                                      \
    u64 value_;                                           \
    __asm__ volatile("movq %%" name ", %0" : "=r"(value_)); \
    value_;                                               \
  })
#define CONTROL_WRITE(name, value) __asm__ volatile("movq %0, %%" name : : "r"((u64)(value)) : "memory")

ALWAYS_INLINE u64 read_msr(u32 number) {
  u32 low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
  return (u64)high << 32 | low;
}
ALWAYS_INLINE void write_msr(u32 number, u64 value) {
  __asm__ volatile("wrmsr" : : "c"(number), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

// An interrupt gate of 64 bits, for CPL 0.
typedef struct {
  u64 low, high;
} Gate;
ALWAYS_INLINE void set_gate(Gate *gate, const void *handler) {
  u64 at = (u64)handler;
  gate->high = at >> 32;
  gate->low = (at >> 16 & 0xffff) << 48 | 0x8e00UL << 32 | 0x08UL << 16 | (at & 0xffff);
}
typedef struct __attribute__((packed)) {
  u16 limit;
  u64 base;
} Table_pointer;
ALWAYS_INLINE void load_idt(const Gate *gates, u64 count) {
  Table_pointer pointer = {count * sizeof *gates - 1, (u64)gates};
  __asm__ volatile("lidt %0" : : "m"(pointer));
}

__asm__(
    ".include \"bare/x86-64/start.h\"\n"
    "  call guest_start\n"
    ".text\n");
