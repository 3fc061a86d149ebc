import type { LesionKind } from './types'

export const kinds: readonly LesionKind[] = ['microaneurysm', 'haemorrhage', 'hardExudate', 'softExudate', 'neovascularisation', 'other']
export interface Rect { x: number; y: number; width: number; height: number }
export interface Size { width: number; height: number }
export type Handle = 'nw' | 'ne' | 'sw' | 'se'
interface Point { x: number; y: number }

/** The whole-pixel box between two corners, inside the photograph. */
export function between(a: Point, b: Point, size: Size): Rect {
  const clampX = (x: number) => Math.min(Math.max(Math.round(x), 0), size.width)
  const clampY = (y: number) => Math.min(Math.max(Math.round(y), 0), size.height)
  const [left, right, top, bottom] = [clampX(Math.min(a.x, b.x)), clampX(Math.max(a.x, b.x)), clampY(Math.min(a.y, b.y)), clampY(Math.max(a.y, b.y))]
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** Moved, but not over the photograph's edge. */
export function moved<T extends Rect>(box: T, by: Point, size: Size): T {
  return {
    ...box,
    x: Math.min(Math.max(Math.round(box.x + by.x), 0), size.width - box.width),
    y: Math.min(Math.max(Math.round(box.y + by.y), 0), size.height - box.height),
  }
}

/** One corner drawn to a point; the corner across stays. */
export function resized<T extends Rect>(box: T, handle: Handle, to: Point, size: Size): T {
  const across = { x: handle.endsWith('w') ? box.x + box.width : box.x, y: handle.startsWith('n') ? box.y + box.height : box.y }
  return { ...box, ...between(across, to, size) }
}

/** Too small to be meant: a click. */
export const isTiny = (box: Rect) => box.width < 2 || box.height < 2
