import { useRef, useState } from 'preact/hooks'
import { between, isTiny, moved, resized, type Handle, type Rect } from '../boxes'
import type { Frame, Photograph } from '../photograph'
import type { Annotation, Image, LesionKind } from '../types'

export interface Editing {
  /** The kind that the next box gets. */
  kind: LesionKind
  selected: number | null
  select: (index: number | null) => void
  change: (boxes: Annotation[]) => void
}

type Gesture =
  | { what: 'draw'; from: { x: number; y: number } }
  | { what: 'move'; index: number; from: { x: number; y: number }; box: Annotation }
  | { what: 'resize'; index: number; handle: Handle; box: Annotation }
const handles: readonly Handle[] = ['nw', 'ne', 'sw', 'se']

/** Boxes that are drawn, moved and resized by mouse, pen or finger. The list beside the photograph does the same by keyboard. */
export function AnnotationLayer({ frame, photograph, image, boxes, editing }: { frame: Frame; photograph: Photograph; image: Image; boxes: readonly Annotation[]; editing: Editing }) {
  const svg = useRef<SVGSVGElement>(null)
  const gesture = useRef<Gesture | null>(null)
  const [sketch, setSketch] = useState<Rect | null>(null)
  const inElement = (e: { clientX: number; clientY: number }) => {
    const area = svg.current!.getBoundingClientRect()
    return { x: e.clientX - area.left, y: e.clientY - area.top }
  }
  const replace = (index: number, box: Annotation) => editing.change(boxes.map((b, i) => i === index ? box : b))

  const down = (e: PointerEvent) => {
    if (e.button !== 0) return
    e.preventDefault()
    const at = photograph.toImage(inElement(e))
    const target = e.target as SVGElement
    const index = Number(target.dataset.index ?? -1)
    svg.current!.setPointerCapture(e.pointerId)
    if (target.dataset.handle) gesture.current = { what: 'resize', index, handle: target.dataset.handle as Handle, box: boxes[index]! }
    else if (index >= 0) {
      editing.select(index)
      gesture.current = { what: 'move', index, from: at, box: boxes[index]! }
    } else {
      editing.select(null)
      gesture.current = { what: 'draw', from: at }
    }
  }
  const move = (e: PointerEvent) => {
    const now = gesture.current
    if (!now) return
    const at = photograph.toImage(inElement(e))
    if (now.what === 'draw') setSketch(between(now.from, at, image))
    else if (now.what === 'move') replace(now.index, moved(now.box, { x: at.x - now.from.x, y: at.y - now.from.y }, image))
    else {
      const next = resized(now.box, now.handle, at, image)
      if (!isTiny(next)) replace(now.index, next)
    }
  }
  const up = () => {
    if (gesture.current?.what === 'draw' && sketch && !isTiny(sketch)) {
      editing.change([...boxes, { ...sketch, kind: editing.kind, note: '' }])
      editing.select(boxes.length)
    }
    gesture.current = null
    setSketch(null)
  }

  const selected = editing.selected === null ? undefined : boxes[editing.selected]
  const grip = 9 / frame.scale
  return (
    <svg ref={svg} class="boxes edit" aria-hidden="true" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up}
      onWheel={e => { e.preventDefault(); photograph.zoom(e.deltaY < 0 ? 1.25 : 0.8, inElement(e)) }}>
      <g transform={`translate(${frame.x} ${frame.y}) scale(${frame.scale})`}>
        {boxes.map((b, i) => <rect key={i} data-index={i} class={`drawn k-${b.kind}${i === editing.selected ? ' selected' : ''}`} x={b.x} y={b.y} width={b.width} height={b.height} vector-effect="non-scaling-stroke" />)}
        {sketch && <rect class={`drawn k-${editing.kind}`} {...sketch} vector-effect="non-scaling-stroke" />}
        {selected && handles.map(h => (
          <rect key={h} class={`grip ${h}`} data-handle={h} data-index={editing.selected!} width={grip} height={grip}
            x={selected.x + (h.endsWith('e') ? selected.width : 0) - grip / 2} y={selected.y + (h.startsWith('s') ? selected.height : 0) - grip / 2} />
        ))}
      </g>
    </svg>
  )
}
