import { useEffect, useState } from 'preact/hooks'
import { base, call, get } from '../api'
import { kinds, moved } from '../boxes'
import { t } from '../i18n'
import { useShortcuts } from '../shortcuts'
import type { Annotation, Annotations, Image, LesionKind } from '../types'
import type { Editing } from './AnnotationLayer'
import { say, wordsOf } from './basics'
import { Icon } from './Icon'

export interface AnnotationState {
  boxes: Annotation[]
  editing: Editing | undefined
  focus: Annotation | null
  dirty: boolean
  setKind: (kind: LesionKind) => void
  bring: (box: Annotation) => void
  start: () => void
  /** Saves what is unsaved and ends drawing; false where that failed. */
  leave: () => Promise<boolean>
  discard: () => void
}

/** The boxes that people drew on a photograph; loaded with it, saved when drawing ends. */
export function useAnnotations(image: Image): AnnotationState {
  const [boxes, setBoxes] = useState<Annotation[]>([])
  const [kept, setKept] = useState<Annotation[]>([])
  const [on, setOn] = useState(false)
  const [kind, setKind] = useState<LesionKind>('microaneurysm')
  const [selected, setSelected] = useState<number | null>(null)
  const [focus, setFocus] = useState<Annotation | null>(null)
  const dirty = boxes !== kept
  useEffect(() => {
    let here = true
    const show = (list: Annotation[]) => {
      if (!here) return
      setBoxes(list)
      setKept(list)
    }
    show([])
    setOn(false)
    setSelected(null)
    setFocus(null)
    get<Annotations>(`/images/${image.id}/annotations`).then(a => show(a.boxes), (e: unknown) => here && say(wordsOf(e), true))
    return () => { here = false }
  }, [image.id])
  useEffect(() => {
    if (!dirty) return
    const warn = (e: BeforeUnloadEvent) => e.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [dirty])
  return {
    boxes, focus, dirty, setKind, bring: box => setFocus({ ...box }),
    editing: on ? { kind, selected, select: setSelected, change: setBoxes } : undefined,
    start: () => setOn(true),
    async leave() {
      if (dirty) {
        try {
          const saved = await call<Annotations>('PUT', `/images/${image.id}/annotations`, { boxes })
          setBoxes(saved.boxes)
          setKept(saved.boxes)
          say(t('boxes.saved', { n: saved.boxes.length }))
        } catch (e) {
          say(wordsOf(e), true)
          return false
        }
      }
      setOn(false)
      setSelected(null)
      return true
    },
    discard() {
      setBoxes(kept)
      setOn(false)
      setSelected(null)
    },
  }
}

const steps: Record<string, { x: number; y: number }> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } }

/** The boxes as a list: what the mouse does on the photograph, the keyboard does here. */
export function AnnotationPanel({ image, boxes }: { image: Image; boxes: AnnotationState }) {
  const editing = boxes.editing!
  const { selected } = editing
  const change = (index: number, box: Annotation) => editing.change(boxes.boxes.map((b, i) => i === index ? box : b))
  const remove = (index: number) => {
    editing.change(boxes.boxes.filter((_, i) => i !== index))
    editing.select(null)
  }
  const add = () => {
    const side = Math.max(8, Math.round(Math.max(image.width, image.height) / 20))
    editing.change([...boxes.boxes, { x: Math.round((image.width - side) / 2), y: Math.round((image.height - side) / 2), width: side, height: side, kind: editing.kind, note: '' }])
    editing.select(boxes.boxes.length)
  }
  const nudge = (e: KeyboardEvent, index: number) => {
    const by = steps[e.key]
    const box = boxes.boxes[index]!
    if (!by || !(e.target as Element).matches('.row')) return
    e.preventDefault()
    const far = Math.max(1, Math.round(Math.max(image.width, image.height) / 400))
    // Alt makes it larger or smaller, else it moves.
    if (e.altKey) change(index, { ...box, width: Math.min(Math.max(2, box.width + by.x * far), image.width - box.x), height: Math.min(Math.max(2, box.height + by.y * far), image.height - box.y) })
    else change(index, moved(box, { x: by.x * far, y: by.y * far }, image))
  }
  useShortcuts({ delete: selected === null ? undefined : () => remove(selected), backspace: selected === null ? undefined : () => remove(selected), escape: () => editing.select(null) })
  return (
    <section class="panel annotation">
      <h2>{t('boxes.title')}</h2>
      <p class="quiet">{t('boxes.how')}</p>
      <div class="kinds" role="radiogroup" aria-label={t('boxes.next')}>
        <span class="quiet">{t('boxes.next')}</span>
        {kinds.map(k => <button key={k} type="button" role="radio" class={`chip k-${k}`} aria-checked={editing.kind === k} onClick={() => boxes.setKind(k)}><span class="swatch" />{t(`lesion.${k}`)}</button>)}
      </div>
      <ul class="box-list" aria-label={t('boxes.list')}>
        {boxes.boxes.map((b, i) => (
          <li key={i} class={i === selected ? 'selected' : ''}>
            <button type="button" class={`row k-${b.kind}`} aria-pressed={i === selected} aria-label={`${t(`lesion.${b.kind}`)} ${b.width} × ${b.height}`} onClick={() => { editing.select(i); boxes.bring(b) }} onKeyDown={e => nudge(e, i)}>
              <span class="swatch" />{t(`lesion.${b.kind}`)} <span class="quiet">{b.width}{'\u202f×\u202f'}{b.height}</span>
            </button>
            <button type="button" class="button quiet" aria-label={t('boxes.remove')} title={t('boxes.remove')} onClick={() => remove(i)}><Icon name="trash" /></button>
            {i === selected && (
              <div class="more">
                <select name="kind" aria-label={t('boxes.kind')} value={b.kind} onChange={e => change(i, { ...b, kind: e.currentTarget.value as LesionKind })}>{kinds.map(k => <option key={k} value={k}>{t(`lesion.${k}`)}</option>)}</select>
                <input name="note" aria-label={t('boxes.note')} placeholder={t('boxes.note')} maxLength={200} value={b.note} onInput={e => change(i, { ...b, note: e.currentTarget.value })} />
              </div>
            )}
          </li>
        ))}
      </ul>
      {boxes.boxes.length === 0 && <p class="quiet">{t('boxes.none')}</p>}
      <div class="actions">
        <button type="button" class="button" onClick={add}><Icon name="plus" />{t('boxes.add')}</button>
        {!boxes.dirty && boxes.boxes.length > 0 && <a class="button" href={`${base}/images/${image.id}/annotations.xml`} download><Icon name="download" />Pascal VOC</a>}
      </div>
      <div class="actions">
        <button type="button" class="button primary" onClick={() => void boxes.leave()}>{boxes.dirty ? t('boxes.save') : t('boxes.done')}</button>
        {boxes.dirty && <button type="button" class="button" onClick={boxes.discard}>{t('boxes.discard')}</button>}
      </div>
    </section>
  )
}
