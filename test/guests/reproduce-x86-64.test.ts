import { targetNamed } from '../../machine/index.ts';
import { reproduce } from './reproduce.ts';

reproduce(targetNamed('x86-64')!);
