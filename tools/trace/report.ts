import { hex, type TrapView } from './view.ts';

/** One line about a trap that killed a process: who, by what, which access, where. */
export function deathReport(flow: TrapView): string {
  const { outcome, origin, process, access } = flow;
  if (outcome.kind !== 'signal') throw new Error(`trap ${flow.trap} killed nobody`);
  const bytes = access && (access.size === 1 ? '1 byte' : `${access.size} bytes`);
  const fault = access ? `${access.kind} ${bytes} at ${hex(access.address)}` : flow.raw.summary;
  const what = outcome.code === 'SI_USER' ? 'sent by a process' : fault;
  const where = [hex(origin.pc), origin.symbol, origin.text].filter((part) => part !== undefined && part !== '');
  return `p${process} killed by ${outcome.signal} (${outcome.code}): ${what}, pc ${where.join(' ')}`;
}
