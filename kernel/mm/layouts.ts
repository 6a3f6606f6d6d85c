/** A type as it lies in user memory, little-endian. `align` is a power of two. */
export interface Layout<T> {
  readonly size: number;
  readonly align: number;
  /** From exactly `size` bytes. */
  read(bytes: Uint8Array): T;
  /** To exactly `size` bytes. */
  write(value: T): Uint8Array;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function scalar<T>(size: number, get: (view: DataView) => T, set: (view: DataView, value: T) => void): Layout<T> {
  return {
    size,
    align: size,
    read: (bytes) => get(viewOf(bytes)),
    write(value) {
      const bytes = new Uint8Array(size);
      set(viewOf(bytes), value);
      return bytes;
    },
  };
}

export const U8 = scalar<number>(
  1,
  (view) => view.getUint8(0),
  (view, value) => view.setUint8(0, value),
);
export const U16 = scalar<number>(
  2,
  (view) => view.getUint16(0, true),
  (view, value) => view.setUint16(0, value, true),
);
export const I16 = scalar<number>(
  2,
  (view) => view.getInt16(0, true),
  (view, value) => view.setInt16(0, value, true),
);
export const U32 = scalar<number>(
  4,
  (view) => view.getUint32(0, true),
  (view, value) => view.setUint32(0, value, true),
);
export const I32 = scalar<number>(
  4,
  (view) => view.getInt32(0, true),
  (view, value) => view.setInt32(0, value, true),
);
export const U64 = scalar<bigint>(
  8,
  (view) => view.getBigUint64(0, true),
  (view, value) => view.setBigUint64(0, value, true),
);
export const I64 = scalar<bigint>(
  8,
  (view) => view.getBigInt64(0, true),
  (view, value) => view.setBigInt64(0, value, true),
);

/** A structure laid out as C does: fields in order, each at its alignment, the whole padded to the largest one. */
export function struct<T extends object>(fields: { readonly [K in keyof T]: Layout<T[K]> }): Layout<T> {
  let end = 0;
  let align = 1;
  const places: { name: keyof T; layout: Layout<T[keyof T]>; offset: number }[] = [];
  for (const name of Object.keys(fields) as (keyof T)[]) {
    const layout: Layout<T[keyof T]> = fields[name];
    const offset = alignUp(end, layout.align);
    places.push({ name, layout, offset });
    end = offset + layout.size;
    align = Math.max(align, layout.align);
  }
  const size = alignUp(end, align);
  return {
    size,
    align,
    read: (bytes) =>
      Object.fromEntries(
        places.map(({ name, layout, offset }) => [name, layout.read(bytes.subarray(offset, offset + layout.size))]),
      ) as T,
    write(value) {
      const bytes = new Uint8Array(size);
      for (const { name, layout, offset } of places) bytes.set(layout.write(value[name]), offset);
      return bytes;
    },
  };
}

/** `length` bytes as they are, at any address. */
export function bytes(length: number): Layout<Uint8Array> {
  return {
    size: length,
    align: 1,
    read: (source) => source.slice(),
    write(value) {
      const padded = new Uint8Array(length);
      padded.set(value.subarray(0, length));
      return padded;
    },
  };
}

const alignUp = (value: number, align: number): number => Math.ceil(value / align) * align;
