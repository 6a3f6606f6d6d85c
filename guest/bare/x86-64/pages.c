// A kernel of its own in one file: ring 0 builds tables of four levels, maps pages when they are first touched, by itself
// or by its program in ring 3, and counts them.
#include "guest.h"

// Entries (SDM vol. 3A, 4.5).
#define P 1UL
#define RW 2UL
#define US 4UL
#define PS 0x80UL
#define XD (1UL << 63)
#define FRAME 0xffffffffff000UL

#define DEMAND_K 0x4000000000UL
#define DEMAND_U 0x8000000000UL
#define DEMAND_PAGES 8UL
#define USER_CODE 0x10000000000UL
#define FORBIDDEN 0x20000000000UL
#define NOT_CANONICAL (1UL << 47)

#define GENERAL_PROTECTION 13
#define PAGE_FAULT 14
// Bits of a page fault's error code.
#define ERROR_P 1UL
#define ERROR_WR 2UL
#define ERROR_US 4UL

#define CR0_WP 0x10000UL
#define CR4_SMEP_SMAP 0x300000UL
#define EFER 0xc0000080
#define EFER_SCE_NXE 0x801UL
#define STAR 0xc0000081
#define LSTAR 0xc0000082
#define FMASK 0xc0000084
#define USER_CODE_SELECTOR 0x23
#define USER_DATA_SELECTOR 0x1b

typedef u64 Table[512];

static Table root __attribute__((aligned(4096)));
static u8 pool[32][PAGE] __attribute__((aligned(4096)));
static u64 pool_used;
static u8 trap_stack[4096] __attribute__((aligned(16)));
static Gate gates[32];

// A task state segment of 64 bits, of which only RSP0 matters here.
static struct __attribute__((packed)) {
  u32 reserved;
  u64 rsp0;
  u8 others[92];
} tss;
static u64 gdt[7];

// What a trap's entry pushes, and what the processor does before it.
typedef struct {
  u64 rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11;
  u64 vector, error, rip, cs, rflags, rsp, ss;
} Frame;

static volatile u64 loads, stores, upgrades, from_user, expected_faults;
static volatile u64 expected_vector, expected_error, expected_address;

// The user program, which is copied to a frame and mapped at USER_CODE: stores a number in each of the demand pages,
// adds them up again, and hands the sum over in a system call. It has no stack.
__asm__(
    "user_program:\n"
    "  movabsq $0x8000000000, %rbx\n"
    "  movl $8, %edx\n"
    "1: movq %rdx, 24(%rbx)\n"
    "  addq $4096, %rbx\n"
    "  decl %edx\n"
    "  jnz 1b\n"
    "  movl $8, %edx\n"
    "  xorl %eax, %eax\n"
    "2: subq $4096, %rbx\n"
    "  addq 24(%rbx), %rax\n"
    "  decl %edx\n"
    "  jnz 2b\n"
    "  syscall\n"
    "3: jmp 3b\n"
    "user_program_end:\n");
extern u8 user_program[], user_program_end[];

static u8 *new_frame(void) {
  if (pool_used == sizeof pool / PAGE) leave(10);
  return pool[pool_used++];
}

// The last level's entry for `address`, with the tables on the way to it made where they are missing; those of the user's
// half of the addresses let its pages decide.
static u64 *leaf_of(u64 address) {
  u64 *table = root;
  for (int level = 3; level > 0; level--) {
    u64 *entry = &table[address >> (12 + 9 * level) & 511];
    if (!(*entry & P)) *entry = (u64)new_frame() | US | RW | P;
    table = (u64 *)(*entry & FRAME);
  }
  return &table[address >> 12 & 511];
}

static void map(u64 address, u64 frame, u64 flags) {
  *leaf_of(address) = frame | flags | P;
  __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

__attribute__((used, noreturn)) static void finish(u64 sum) {
  check(loads == 2 && stores == DEMAND_PAGES - 1, "ring 0: 2 pages mapped by loads, 7 by stores");
  check(upgrades == 1, "ring 0: 1 read-only page made writable");
  check(from_user == DEMAND_PAGES, "ring 3: 8 pages mapped");
  check(sum == DEMAND_PAGES * (DEMAND_PAGES + 1) / 2, "ring 3: what it stored adds up");

  __asm__ volatile("stac" : : : "memory");
  u64 seen = load64(opaque(DEMAND_U + 24));
  __asm__ volatile("clac" : : : "memory");
  check(seen == DEMAND_PAGES, "ring 0: sees the user's page with RFLAGS.AC set");
  check(expected_faults == 4, "ring 0: 4 faults that it provoked");
  leave(failures != 0);
}

// The handler proper.
__attribute__((used)) static void on_trap(Frame *frame) {
  u64 address = frame->vector == PAGE_FAULT ? CONTROL_READ("cr2") : 0;
  if (frame->vector == expected_vector && frame->error == expected_error && address == expected_address) {
    expected_faults++;
    expected_vector = 0;
    frame->rip += 3;
    return;
  }
  int user = (frame->error & ERROR_US) != 0;
  u64 base = user ? DEMAND_U : DEMAND_K;
  if (frame->vector != PAGE_FAULT || address - base >= (DEMAND_PAGES + 1) * PAGE) {
    print("unexpected exception: vector %lu, error %lx, address %lx, pc %lx\n", frame->vector, frame->error, address,
          frame->rip);
    leave(11);
  }

  if (frame->error & ERROR_P) {
    // There already, so the store found it read-only; anything else would fault for ever.
    u64 *leaf = leaf_of(address);
    if (!(frame->error & ERROR_WR) || *leaf & RW) leave(12);
    map(address, *leaf & FRAME, RW | XD);
    upgrades++;
  } else if (user) {
    map(address, (u64)new_frame(), US | RW | XD);
    from_user++;
  } else if (frame->error & ERROR_WR) {
    map(address, (u64)new_frame(), RW | XD);
    stores++;
  } else {
    map(address, (u64)new_frame(), XD);
    loads++;
  }
}

// From ring 3 on the stack that the TSS names, else on the same. A system call never returns and needs none of its own.
__asm__(
    "on_general_protection:\n"
    "  pushq $13\n"
    "  jmp enter\n"
    "on_page_fault:\n"
    "  pushq $14\n"
    "enter:\n"
    "  pushq %r11\n"
    "  pushq %r10\n"
    "  pushq %r9\n"
    "  pushq %r8\n"
    "  pushq %rdi\n"
    "  pushq %rsi\n"
    "  pushq %rdx\n"
    "  pushq %rcx\n"
    "  pushq %rax\n"
    "  cld\n"
    "  movq %rsp, %rdi\n"
    "  call on_trap\n"
    "  popq %rax\n"
    "  popq %rcx\n"
    "  popq %rdx\n"
    "  popq %rsi\n"
    "  popq %rdi\n"
    "  popq %r8\n"
    "  popq %r9\n"
    "  popq %r10\n"
    "  popq %r11\n"
    "  addq $16, %rsp\n"
    "  iretq\n"
    "on_system_call:\n"
    "  movl $stack_top, %esp\n"
    "  movq %rax, %rdi\n"
    "  call finish\n");
extern u8 on_general_protection[], on_page_fault[], on_system_call[];

static void expect(u64 vector, u64 error, u64 address) {
  expected_vector = vector;
  expected_error = error;
  expected_address = address;
}

// A load or store of three bytes' length, which the handler can step over.
static void provoke_load(u64 address) {
  __asm__ volatile("movq (%0), %%rax" : : "D"(address) : "rax", "memory");
}
static void provoke_store(u64 address) {
  __asm__ volatile("movq %%rax, (%0)" : : "D"(address) : "memory");
}

// Segments for ring 3 in the order that SYSRET would want, and the TSS.
static void load_segments(void) {
  u64 at = (u64)&tss;
  gdt[1] = 0x00af9a000000ffff;
  gdt[2] = 0x00cf92000000ffff;
  gdt[3] = 0x00cff2000000ffff;
  gdt[4] = 0x00affa000000ffff;
  gdt[5] = (at >> 24 & 0xff) << 56 | 0x89UL << 40 | (at & 0xffffff) << 16 | (sizeof tss - 1);
  gdt[6] = at >> 32;
  tss.rsp0 = (u64)trap_stack + sizeof trap_stack;
  Table_pointer pointer = {sizeof gdt - 1, (u64)gdt};
  __asm__ volatile("lgdt %0\n\tltr %w1" : : "m"(pointer), "r"(0x28) : "memory");
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  load_segments();
  set_gate(&gates[GENERAL_PROTECTION], on_general_protection);
  set_gate(&gates[PAGE_FAULT], on_page_fault);
  load_idt(gates, sizeof gates / sizeof *gates);
  write_msr(EFER, read_msr(EFER) | EFER_SCE_NXE);
  write_msr(STAR, (u64)0x08 << 32);
  write_msr(LSTAR, (u64)on_system_call);
  write_msr(FMASK, 0x40700);
  // The first GiB as it is, by pages of 2 MiB that ring 3 may not touch.
  u64 *upper = (u64 *)new_frame(), *large = (u64 *)new_frame();
  root[0] = (u64)upper | RW | P;
  upper[0] = (u64)large | RW | P;
  for (u64 i = 0; i < 512; i++) large[i] = i << 21 | PS | RW | P;
  CONTROL_WRITE("cr3", root);
  CONTROL_WRITE("cr0", CONTROL_READ("cr0") | CR0_WP);
  CONTROL_WRITE("cr4", CONTROL_READ("cr4") | CR4_SMEP_SMAP);
  print("ring 0 with tables of its own\n");

  // Page 0 is loaded from and later stored to, pages 1 to 6 are stored to; a store lies across pages 7 and 8.
  check(load64(opaque(DEMAND_K + 16)) == 0, "ring 0: page first touched by a load is zero");
  store64(opaque(DEMAND_K + 16), 100);
  for (u64 page = DEMAND_PAGES - 2; page >= 1; page--) store64(opaque(DEMAND_K + page * PAGE), page);
  check(load64(opaque(DEMAND_K + 8 * PAGE)) == 0, "ring 0: page behind the others is zero");
  // Made writable beforehand, so that only the first half of the next store faults.
  map(DEMAND_K + 8 * PAGE, *leaf_of(DEMAND_K + 8 * PAGE) & FRAME, RW | XD);
  store64(opaque(DEMAND_K + 8 * PAGE - 4), 0x8877665544332211);
  check(load64(opaque(DEMAND_K + 8 * PAGE - 4)) == 0x8877665544332211, "ring 0: store across two pages");
  u64 sum = load64(opaque(DEMAND_K + 16));
  for (u64 page = 1; page < DEMAND_PAGES - 1; page++) sum += load64(opaque(DEMAND_K + page * PAGE));
  check(sum == 121, "ring 0: what it stored adds up");

  u8 *code = new_frame();
  for (u64 i = 0; i < (u64)(user_program_end - user_program); i++) code[i] = user_program[i];
  map(USER_CODE, (u64)code, US);
  map(FORBIDDEN, (u64)new_frame(), US | RW | XD);
  expect(PAGE_FAULT, ERROR_P, FORBIDDEN);
  provoke_load(FORBIDDEN);
  expect(PAGE_FAULT, ERROR_P | ERROR_WR, FORBIDDEN + 8);
  provoke_store(FORBIDDEN + 8);
  expect(PAGE_FAULT, ERROR_P | ERROR_WR, USER_CODE);
  provoke_store(USER_CODE);
  // Bits 63 to 48 differ from bit 47.
  expect(GENERAL_PROTECTION, 0, 0);
  provoke_load(NOT_CANONICAL);

  print("ring 3\n");
  __asm__ volatile(
      "pushq %0\n\t"
      "pushq $0\n\t"
      "pushq $2\n\t"
      "pushq %1\n\t"
      "pushq %2\n\t"
      "iretq"
      :
      : "r"((u64)USER_DATA_SELECTOR), "r"((u64)USER_CODE_SELECTOR), "r"(USER_CODE)
      : "memory");
  __builtin_unreachable();
}
