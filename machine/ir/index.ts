export type { Attributes, Block, I32, I64, Node, V128, Value } from './block.ts';
export { Builder, type LoadOptions, type StoreOptions } from './builder.ts';
export { LaneViews } from './lane-views.ts';
export { LANE_BITS, type LaneShape, splat } from './lanes.ts';
export { type AmoOperation, OPS, type OpName, type OpRow, type PureOp, type Scalar } from './ops.ts';
export { type Slot, type SlotDeclaration, type SlotGroup, SlotTable, type ValueType } from './slots.ts';
export { verify } from './verify.ts';
