/** Colours of a terminal, or none: red for what failed, green for what resolved, dim for detail, bold for headings. */
export interface Paint {
  bad(text: string): string;
  good(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

const same = (text: string) => text;
const sgr = (code: number) => (text: string) => (text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`);

export const PLAIN: Paint = { bad: same, good: same, dim: same, bold: same };
export const COLOURS: Paint = { bad: sgr(31), good: sgr(32), dim: sgr(2), bold: sgr(1) };

/** Colours on a terminal, unless NO_COLOR is set to something (no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  return stream.isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb' ? COLOURS : PLAIN;
}
