import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../i18n'
import { openPhotograph, type Frame, type Photograph } from '../photograph'
import type { Annotation, Box, Image } from '../types'
import { AnnotationLayer, type Editing } from './AnnotationLayer'
import { Icon } from './Icon'

interface Props {
  image: Image
  /** 0 hides the heat map. */
  heat: number
  lesions: readonly Box[]
  annotations: readonly Annotation[]
  /** Where boxes may be drawn; else they are only shown. */
  editing?: Editing | undefined
  /** Changes where a box is to be brought into view. */
  focus?: Box | null | undefined
  caption: ComponentChildren
}

/** A photograph to move and zoom, with its heat map and boxes. */
export function Viewer({ image, heat, lesions, annotations, editing, focus, caption }: Props) {
  const element = useRef<HTMLDivElement>(null)
  const photograph = useRef<Photograph | null>(null)
  const opacity = useRef(heat)
  const [frame, setFrame] = useState<Frame | null>(null)
  const [failed, setFailed] = useState(false)
  opacity.current = heat

  useEffect(() => {
    let closed = false
    setFrame(null)
    setFailed(false)
    const label = t('viewer.label', { name: image.name })
    void openPhotograph(element.current!, image, label, f => !closed && setFrame(f), () => !closed && setFailed(true)).then(opened => {
      if (closed) return opened.close()
      photograph.current = opened
      opened.setHeat(opacity.current)
    })
    return () => {
      closed = true
      photograph.current?.close()
      photograph.current = null
    }
  }, [image.id, image.result?.heatmap])
  useEffect(() => photograph.current?.setHeat(heat), [heat])
  useEffect(() => { if (focus) photograph.current?.show(focus) }, [focus])

  return (
    <figure class="viewer">
      <figcaption>{caption}</figcaption>
      <div class="stage">
        <div class="osd" ref={element} />
        {frame && photograph.current && (
          editing
            ? <AnnotationLayer frame={frame} photograph={photograph.current} image={image} boxes={annotations} editing={editing} />
            : <svg class="boxes" aria-hidden="true">
                <g transform={`translate(${frame.x} ${frame.y}) scale(${frame.scale})`}>
                  {lesions.map((b, i) => <rect key={`l${i}`} class={`lesion k-${b.kind}`} x={b.x} y={b.y} width={b.width} height={b.height} vector-effect="non-scaling-stroke" />)}
                  {annotations.map((b, i) => <rect key={`a${i}`} class={`drawn k-${b.kind}`} x={b.x} y={b.y} width={b.width} height={b.height} vector-effect="non-scaling-stroke" />)}
                </g>
              </svg>
        )}
        {failed && <div class="failed" role="alert">{t('viewer.failed')}</div>}
        <div class="zoom" role="group" aria-label={t('viewer.zoom')}>
          <button type="button" aria-label={t('viewer.in')} title={t('viewer.in')} onClick={() => photograph.current?.zoom(1.5)}><Icon name="plus" /></button>
          <button type="button" aria-label={t('viewer.out')} title={t('viewer.out')} onClick={() => photograph.current?.zoom(1 / 1.5)}><Icon name="minus" /></button>
          <button type="button" aria-label={t('viewer.home')} title={t('viewer.home')} onClick={() => photograph.current?.home()}><Icon name="home" /></button>
        </div>
      </div>
    </figure>
  )
}
