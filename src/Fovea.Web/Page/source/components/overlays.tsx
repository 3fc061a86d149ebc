import { useState } from 'preact/hooks'
import { kinds } from '../boxes'
import { t } from '../i18n'
import type { Image, Lesion, LesionKind } from '../types'
import { Icon } from './Icon'

export interface Overlays {
  heat: number
  setHeat: (opacity: number) => void
  toggleHeat: () => void
  kinds: ReadonlySet<LesionKind>
  setKinds: (kinds: ReadonlySet<LesionKind>) => void
  toggleLesions: () => void
}

/** A reader looks at the bare photograph first; what the network saw is one key away. */
export function useOverlays(): Overlays {
  const [heat, setHeat] = useState(0)
  const [last, setLast] = useState(0.5)
  const [shown, setShown] = useState<ReadonlySet<LesionKind>>(new Set())
  return {
    heat, kinds: shown, setKinds: setShown,
    setHeat(opacity) {
      setHeat(opacity)
      if (opacity > 0) setLast(opacity)
    },
    toggleHeat: () => setHeat(heat > 0 ? 0 : last),
    toggleLesions: () => setShown(shown.size > 0 ? new Set() : new Set(kinds)),
  }
}

export const shownLesions = (image: Image, overlays: Overlays): Lesion[] => (image.result?.lesions ?? []).filter(l => overlays.kinds.has(l.kind))

export function OverlayTools({ image, overlays, editing, onEdit }: { image: Image; overlays: Overlays; editing: boolean; onEdit: (() => void) | undefined }) {
  const lesions = image.result?.lesions ?? null
  const toggle = (kind: LesionKind) => {
    const next = new Set(overlays.kinds)
    if (!next.delete(kind)) next.add(kind)
    overlays.setKinds(next)
  }
  const counted = kinds.filter(k => lesions?.some(l => l.kind === k))
  return (
    <div class="overlay-tools" role="toolbar" aria-label={t('room.tools')}>
      <label class="inline heat-slider">
        <Icon name="heat" /><span>{t('room.heat')}</span>
        <input type="range" name="heat" min={0} max={1} step={0.05} value={overlays.heat} disabled={!image.result?.heatmap} onInput={e => overlays.setHeat(Number(e.currentTarget.value))} aria-valuetext={`${Math.round(overlays.heat * 100)} %`} />
        <output>{image.result?.heatmap ? `${Math.round(overlays.heat * 100)}\u202f%` : t('room.noHeat')}</output>
      </label>
      <div class="kinds" role="group" aria-label={t('room.boxes')}>
        <button type="button" class="chip" aria-pressed={overlays.kinds.size > 0} onClick={overlays.toggleLesions}><Icon name="box" />{t('room.boxes')}</button>
        {lesions !== null && lesions.length === 0 && <span class="quiet">{t('room.noLesions')}</span>}
        {counted.map(k => (
          <button key={k} type="button" class={`chip k-${k}`} aria-pressed={overlays.kinds.has(k)} onClick={() => toggle(k)}>
            <span class="swatch" />{t(`lesion.${k}`)} <b>{lesions!.filter(l => l.kind === k).length}</b>
          </button>
        ))}
      </div>
      {onEdit && !editing && <button type="button" class="chip" onClick={onEdit}><Icon name="plus" />{t('room.annotate')}</button>}
    </div>
  )
}
