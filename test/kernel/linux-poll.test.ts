import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseElf } from '../../machine/index.ts';
import { describeWith } from '../toolchain.ts';
import { boot, finish } from './boot.ts';
import { build, HEAD, here, LINUX, outside } from './programs.ts';

const SOURCE = `#define _GNU_SOURCE
${HEAD}#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <time.h>
int main(void){
  int p[2]; pipe(p);
  struct pollfd f[4]={{p[0],POLLIN,0},{p[1],POLLOUT,0},{-1,POLLIN,7},{99,POLLIN,0}};
  int n=poll(f,4,0); printf("%d: %x %x %x %x\\n",n,f[0].revents,f[1].revents,f[2].revents,f[3].revents);
  write(p[1],"abc",3);
  n=poll(f,2,-1); printf("%d: %x %x\\n",n,f[0].revents,f[1].revents);
  f[0].events=0; n=poll(f,1,10); printf("%d: %x\\n",n,f[0].revents); f[0].events=POLLIN|POLLPRI|POLLRDNORM|POLLHUP;
  char b[10]; read(p[0],b,10);
  n=poll(f,1,20); printf("%d: %x\\n",n,f[0].revents);
  fflush(stdout);
  if(fork()==0){ struct timespec t={0,5000000}; nanosleep(&t,0); write(p[1],"x",1); nanosleep(&t,0); _exit(0);}
  close(p[1]);
  n=poll(f,1,-1); printf("%d: %x\\n",n,f[0].revents); read(p[0],b,1);
  n=poll(f,1,-1); printf("%d: %x\\n",n,f[0].revents);
  wait(0);
  int q[2]; pipe(q); close(q[0]); struct pollfd g={q[1],POLLOUT,0}; n=poll(&g,1,0); printf("%d: %x\\n",n,g.revents);
  int nul=open("/dev/null",O_RDWR), dir=open("/",O_RDONLY); struct pollfd h[2]={{nul,-1,0},{dir,POLLIN|POLLOUT,0}}; n=poll(h,2,0); printf("%d: %x %x\\n",n,h[0].revents,h[1].revents);
  int r[2]; pipe(r); fd_set a,w,e; FD_ZERO(&a);FD_ZERO(&w);FD_ZERO(&e); FD_SET(r[0],&a);FD_SET(r[1],&w);FD_SET(r[0],&e);
  struct timeval tv={0,0}; n=select(r[1]+1,&a,&w,&e,&tv); printf("%d: %d %d %d\\n",n,FD_ISSET(r[0],&a)!=0,FD_ISSET(r[1],&w)!=0,FD_ISSET(r[0],&e)!=0);
  FD_SET(r[0],&a); write(r[1],"z",1); n=select(r[1]+1,&a,0,0,0); printf("%d: %d\\n",n,FD_ISSET(r[0],&a)!=0);
  fcntl(r[1],F_SETFL,O_NONBLOCK); static char big[4096]; int tot=1,k; while((k=write(r[1],big,sizeof big))>0) tot+=k; struct pollfd fw={r[1],POLLOUT,0}; n=poll(&fw,1,0); printf("full %d %x\\n",n,fw.revents);
  /* below 64: Linux passes over what lies past its table of descriptors, and then waits for ever */
  FD_ZERO(&a); FD_SET(40,&a); n=select(41,&a,0,0,0); printf("%d %d\\n",n,errno==EBADF);
  tv.tv_sec=0; tv.tv_usec=3000; n=select(0,0,0,0,&tv); printf("%d\\n",n);
  n=select(-1,0,0,0,&tv); printf("%d %d\\n",n,errno==EINVAL);
  struct timespec ts={0,-1}; n=ppoll(f,1,&ts,0); printf("%d %d\\n",n,errno==EINVAL);
  n=poll((void*)8,1,0); printf("%d %d\\n",n,errno==EFAULT);
  n=poll(0,0,1); printf("%d\\n",n);
  return 0;
}
`;

const ON_INPUT = `${HEAD}#include <poll.h>
int main(void) {
  struct pollfd input = {0, POLLIN};
  char text[100];
  while (poll(&input, 1, 1) > 0) {
    ssize_t n = read(0, text, sizeof text);
    if (n <= 0) break;
    printf("%.*s", (int)n, text);
  }
  return input.revents != 0;
}`;

describe.each(LINUX)('$target', ({ target, gcc, emulators }) => {
  describeWith([gcc, ...emulators], 'poll(2) and select(2)', () => {
    it('tell of pipes, devices, closed ends, bad arguments and time as qemu does', () => {
      const program = build(target, 'poll', SOURCE, gcc, ['-static']);
      const expected = outside(program, [], '');
      expect(expected).toMatchObject({ status: 0, err: '' });
      expect(here(program, [], '')).toEqual(expected);
    });

    it('standard input has data until it ends', () => {
      const program = build(target, 'poll-input', ON_INPUT, gcc, ['-static']);
      expect(here(program, [], 'some\ninput')).toEqual({ status: 1, out: 'some\ninput', err: '' });
    });

    it.each([
      [true, 'late'],
      [false, ''],
    ])('input that has not come, from a pipe (%s): time-outs wait with it', (patient, out) => {
      const image = parseElf(readFileSync(build(target, 'poll-input', ON_INPUT, gcc, ['-static'])));
      let input: Uint8Array | 'wait' | 'end' = 'wait';
      let seen = '';
      const read = () => {
        const next = input;
        input = next === 'wait' ? 'wait' : 'end';
        return next;
      };
      const output = (_fd: number, bytes: Uint8Array) => {
        seen += Buffer.from(bytes).toString();
      };
      const booted = boot(image, { ports: { output, input: read, patient } });
      expect(finish(booted).kind).toBe(patient ? 'waiting for input' : 'exited');
      input = new Uint8Array(Buffer.from('late'));
      expect(finish(booted)).toMatchObject({ kind: 'exited', status: patient ? 1 : 0 });
      expect(seen).toBe(out);
    });
  });
});
