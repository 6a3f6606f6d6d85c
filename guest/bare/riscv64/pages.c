// A kernel of its own in one file: machine mode opens PMP, delegates page faults and drops to supervisor mode, which
// turns on Sv39 tables, maps pages when they are first touched, by itself or by its user program, and counts them.
#include "guest.h"

#define V 1UL
#define R 2UL
#define W 4UL
#define X 8UL
#define U 16UL
#define A 64UL
#define D 128UL

#define DEMAND_S 0x40000000UL
#define DEMAND_U 0x40200000UL
#define DEMAND_PAGES 8UL
#define USER_CODE 0x50000000UL
#define FORBIDDEN 0x60000000UL

#define CAUSE_USER_ECALL 8
#define CAUSE_FETCH_FAULT 12
#define CAUSE_LOAD_FAULT 13
#define CAUSE_STORE_FAULT 15
#define SSTATUS_SPP 0x100UL
#define SSTATUS_SUM 0x40000UL

typedef u64 Table[512];

static Table root __attribute__((aligned(4096)));
static u8 pool[32][PAGE] __attribute__((aligned(4096)));
static u64 pool_used;
static u8 trap_stack[4096] __attribute__((aligned(16)));

static volatile u64 loads, stores, upgrades, from_user, expected_faults;
static volatile u64 expected_cause, expected_address;

// The user program, which is copied to a frame and mapped at USER_CODE: stores a number in each of the demand pages,
// adds them up again, and hands the sum over in an environment call. It has no stack.
__asm__(
    ".balign 4\n"
    "user_program:\n"
    "  li t0, 0x40200000\n"
    "  li t1, 8\n"
    "  li t2, 4096\n"
    "1: sd t1, 24(t0)\n"
    "  add t0, t0, t2\n"
    "  addi t1, t1, -1\n"
    "  bnez t1, 1b\n"
    "  li t1, 8\n"
    "  li a0, 0\n"
    "2: sub t0, t0, t2\n"
    "  ld t3, 24(t0)\n"
    "  add a0, a0, t3\n"
    "  addi t1, t1, -1\n"
    "  bnez t1, 2b\n"
    "  ecall\n"
    "3: j 3b\n"
    "user_program_end:\n");
extern u8 user_program[], user_program_end[];

static u8 *new_frame(void) {
  if (pool_used == sizeof pool / PAGE) leave(10);
  return pool[pool_used++];
}

// The leaf entry for `address`, with the tables on the way to it made where they are missing.
static u64 *leaf_of(u64 address) {
  u64 *table = root;
  for (int level = 2; level > 0; level--) {
    u64 *entry = &table[address >> (12 + 9 * level) & 511];
    if (!(*entry & V)) *entry = (u64)new_frame() >> 12 << 10 | V;
    table = (u64 *)(*entry >> 10 << 12);
  }
  return &table[address >> 12 & 511];
}

static void map(u64 address, u64 frame, u64 flags) {
  *leaf_of(address) = frame >> 12 << 10 | flags | V;
  __asm__ volatile("sfence.vma %0, zero" : : "r"(address) : "memory");
}

__attribute__((noreturn)) static void finish(u64 sum) {
  check(loads == 2 && stores == DEMAND_PAGES - 1, "supervisor: 2 pages mapped by loads, 7 by stores");
  check(upgrades == 1, "supervisor: 1 read-only page made writable");
  check(from_user == DEMAND_PAGES, "user: 8 pages mapped");
  check(sum == DEMAND_PAGES * (DEMAND_PAGES + 1) / 2, "user: what it stored adds up");

  CSR_SET("sstatus", SSTATUS_SUM);
  u64 seen = load64(opaque(DEMAND_U + 24));
  CSR_CLEAR("sstatus", SSTATUS_SUM);
  check(seen == DEMAND_PAGES, "supervisor: sees the user's page with SUM set");
  check(expected_faults == 4, "supervisor: 4 faults that it provoked");
  leave(failures != 0);
}

// The trap handler proper; returns how far to move sepc on.
__attribute__((used)) static u64 on_trap(u64 a0) {
  u64 cause = CSR_READ("scause");
  u64 address = CSR_READ("stval");
  int user = !(CSR_READ("sstatus") & SSTATUS_SPP);

  if (cause == CAUSE_USER_ECALL) finish(a0);
  if (!user && cause == expected_cause && address == expected_address) {
    expected_faults++;
    expected_cause = 0;
    return 4;
  }
  u64 base = user ? DEMAND_U : DEMAND_S;
  if ((cause != CAUSE_LOAD_FAULT && cause != CAUSE_STORE_FAULT) || address - base >= (DEMAND_PAGES + 1) * PAGE) {
    print("unexpected trap: cause %lu, address %lx, pc %lx\n", cause, address, CSR_READ("sepc"));
    leave(11);
  }

  u64 *leaf = leaf_of(address);
  if (*leaf & V) {
    // There already, so the store found it read-only; anything else would fault for ever.
    if (cause != CAUSE_STORE_FAULT || *leaf & W) leave(12);
    map(address, *leaf >> 10 << 12, R | W | A | D);
    upgrades++;
  } else if (user) {
    map(address, (u64)new_frame(), R | W | U | A | D);
    from_user++;
  } else if (cause == CAUSE_LOAD_FAULT) {
    map(address, (u64)new_frame(), R | A);
    loads++;
  } else {
    map(address, (u64)new_frame(), R | W | A | D);
    stores++;
  }
  return 0;
}

// Always on a stack of its own, whose top waits in sscratch, since a user's stack pointer cannot be trusted.
__asm__(
    ".balign 4\n"
    "trap_entry:\n"
    "  csrrw sp, sscratch, sp\n"
    "  addi sp, sp, -128\n"
    "  sd ra, 0(sp)\n"
    "  sd t0, 8(sp)\n"
    "  sd t1, 16(sp)\n"
    "  sd t2, 24(sp)\n"
    "  sd t3, 32(sp)\n"
    "  sd t4, 40(sp)\n"
    "  sd t5, 48(sp)\n"
    "  sd t6, 56(sp)\n"
    "  sd a0, 64(sp)\n"
    "  sd a1, 72(sp)\n"
    "  sd a2, 80(sp)\n"
    "  sd a3, 88(sp)\n"
    "  sd a4, 96(sp)\n"
    "  sd a5, 104(sp)\n"
    "  sd a6, 112(sp)\n"
    "  sd a7, 120(sp)\n"
    "  call on_trap\n"
    "  csrr t0, sepc\n"
    "  add t0, t0, a0\n"
    "  csrw sepc, t0\n"
    "  ld ra, 0(sp)\n"
    "  ld t0, 8(sp)\n"
    "  ld t1, 16(sp)\n"
    "  ld t2, 24(sp)\n"
    "  ld t3, 32(sp)\n"
    "  ld t4, 40(sp)\n"
    "  ld t5, 48(sp)\n"
    "  ld t6, 56(sp)\n"
    "  ld a0, 64(sp)\n"
    "  ld a1, 72(sp)\n"
    "  ld a2, 80(sp)\n"
    "  ld a3, 88(sp)\n"
    "  ld a4, 96(sp)\n"
    "  ld a5, 104(sp)\n"
    "  ld a6, 112(sp)\n"
    "  ld a7, 120(sp)\n"
    "  addi sp, sp, 128\n"
    "  csrrw sp, sscratch, sp\n"
    "  sret\n");
extern u8 trap_entry[];

static void expect(u64 cause, u64 address) {
  expected_cause = cause;
  expected_address = address;
}

// A load or store of four bytes' length, which the handler can step over.
static void provoke_load(u64 address) {
  __asm__ volatile(".option push\n.option norvc\nld t0, 0(%0)\n.option pop" : : "r"(address) : "t0", "memory");
}
static void provoke_store(u64 address) {
  __asm__ volatile(".option push\n.option norvc\nsd zero, 0(%0)\n.option pop" : : "r"(address) : "memory");
}

__attribute__((used, noreturn)) static void supervisor(void) {
  CSR_WRITE("stvec", trap_entry);
  CSR_WRITE("sscratch", trap_stack + sizeof trap_stack);
  // All of the devices and all of RAM as they are, by two superpages that user mode may not touch.
  root[0] = 0 >> 12 << 10 | V | R | W | A | D;
  root[2] = 0x80000000UL >> 12 << 10 | V | R | W | X | A | D;
  CSR_WRITE("satp", 8UL << 60 | (u64)root >> 12);
  __asm__ volatile("sfence.vma" : : : "memory");
  print("supervisor mode with Sv39 tables of its own\n");

  // Page 0 is loaded from and later stored to, pages 1 to 6 are stored to; a store lies across pages 7 and 8.
  check(load64(opaque(DEMAND_S + 16)) == 0, "supervisor: page first touched by a load is zero");
  store64(opaque(DEMAND_S + 16), 100);
  for (u64 page = DEMAND_PAGES - 2; page >= 1; page--) store64(opaque(DEMAND_S + page * PAGE), page);
  check(load64(opaque(DEMAND_S + 8 * PAGE)) == 0, "supervisor: page behind the others is zero");
  // Made writable beforehand, so that only the first half of the next store faults.
  map(DEMAND_S + 8 * PAGE, *leaf_of(DEMAND_S + 8 * PAGE) >> 10 << 12, R | W | A | D);
  store64(opaque(DEMAND_S + 8 * PAGE - 4), 0x8877665544332211);
  check(load64(opaque(DEMAND_S + 8 * PAGE - 4)) == 0x8877665544332211, "supervisor: store across two pages");
  u64 sum = load64(opaque(DEMAND_S + 16));
  for (u64 page = 1; page < DEMAND_PAGES - 1; page++) sum += load64(opaque(DEMAND_S + page * PAGE));
  check(sum == 121, "supervisor: what it stored adds up");

  u8 *code = new_frame();
  for (u64 i = 0; i < (u64)(user_program_end - user_program); i++) code[i] = user_program[i];
  __asm__ volatile("fence.i" : : : "memory");
  map(USER_CODE, (u64)code, R | X | U | A);
  map(FORBIDDEN, (u64)new_frame(), U | R | W | A | D);
  expect(CAUSE_LOAD_FAULT, FORBIDDEN);
  provoke_load(FORBIDDEN);
  expect(CAUSE_STORE_FAULT, FORBIDDEN + 8);
  provoke_store(FORBIDDEN + 8);
  expect(CAUSE_STORE_FAULT, USER_CODE);
  provoke_store(USER_CODE);
  // Not a canonical Sv39 address: bits 63 to 39 differ from bit 38.
  expect(CAUSE_LOAD_FAULT, 1UL << 38);
  provoke_load(1UL << 38);

  print("user mode\n");
  CSR_CLEAR("sstatus", SSTATUS_SPP);
  CSR_WRITE("sepc", USER_CODE);
  __asm__ volatile("sret");
  __builtin_unreachable();
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  // One PMP entry over everything: without a matching one supervisor and user mode may access nothing.
  CSR_WRITE("pmpaddr0", ~0UL >> 10);
  CSR_WRITE("pmpcfg0", 0x1f);
  CSR_WRITE("medeleg", 1 << CAUSE_USER_ECALL | 1 << CAUSE_FETCH_FAULT | 1 << CAUSE_LOAD_FAULT | 1 << CAUSE_STORE_FAULT);
  CSR_WRITE("mideleg", 0);
  CSR_WRITE("satp", 0);
  CSR_CLEAR("mstatus", 3UL << 11);
  CSR_SET("mstatus", 1UL << 11);
  CSR_WRITE("mepc", supervisor);
  __asm__ volatile("mret");
  __builtin_unreachable();
}
