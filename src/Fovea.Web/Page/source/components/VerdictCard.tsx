import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { overlayUrl, viewUrl } from '../api'
import { t, tCode } from '../i18n'
import type { Eye, Image } from '../types'
import type { Item } from '../uploads'
import { Icon } from './Icon'
import { EyeBadge, ImageGrade, Pill, inWords, isOct, toneOf } from './verdict'

/** One photograph: the picture with where the network looked, and beside it what came of it and what to do. */
export function VerdictCard({ item, onRetry, onRemove, children }: { item: Item; onRetry: () => void; onRemove: () => void; children?: ComponentChildren }) {
  const { image } = item
  const result = image?.state === 'done' ? image.result : null
  const tone = item.phase === 'refused' || item.phase === 'failed' ? 'bad' : result ? toneOf(result) : 'plain'
  return (
    <article class={`card verdict ${tone}`} aria-label={item.name}>
      <Picture item={item} />
      <div class="what">
        <header><EyeBadge eye={image?.eye ?? null} /><span class="name" title={item.name}>{item.name}</span></header>
        {result && image ? <Verdict image={image} /> : <Progress item={item} />}
        {children}
        {(item.phase === 'failed' || item.phase === 'refused') && (
          <div class="actions">
            {item.phase === 'failed' && <button type="button" class="button" onClick={onRetry}>{t('action.retry')}</button>}
            <button type="button" class="button" onClick={onRemove}>{t('upload.remove')}</button>
          </div>
        )}
      </div>
    </article>
  )
}

function Picture({ item }: { item: Item }) {
  const [broken, setBroken] = useState(false)
  const { image } = item
  const source = image?.state === 'done' && image.result?.outcome !== 'unreadable' ? viewUrl(image.id, 640) : item.preview
  const busy = item.phase === 'sending' || (image !== null && image.state !== 'done')
  return (
    <div class={`picture${busy ? ' busy' : ''}`}>
      {source && !broken ? <img src={source} alt="" onError={() => setBroken(true)} /> : <Icon name="camera" />}
      {image?.result?.heatmap && <img class="heat" src={overlayUrl(image.id)} alt={t('card.heat')} />}
    </div>
  )
}

function Progress({ item }: { item: Item }) {
  if (item.phase === 'refused') return <div class="word"><strong>{t('card.refused')}</strong><p>{item.problem === 'too-large' ? t('card.tooLarge') : item.problem}</p></div>
  if (item.phase === 'failed') return <div class="word"><strong>{t('card.failed')}</strong><p>{item.problem}</p></div>
  const sending = item.phase === 'sending'
  const words = item.phase === 'waiting' ? t('card.waiting') : sending ? t('card.sending') : item.image?.state === 'queued' ? t('card.queued') : t('card.analysing')
  return (
    <div class="word" role="status">
      <strong>{words}</strong>
      <progress {...(sending ? { value: item.share } : item.phase === 'waiting' ? { value: 0 } : {})} max={1} aria-label={`${item.name}: ${words}`} />
      {item.image?.state === 'queued' && item.image.queuePosition ? <p>{t('card.position', { n: item.image.queuePosition })}</p> : null}
    </div>
  )
}

/** The result in the order in which it is needed: what, why, what to do. */
export function Verdict({ image }: { image: Image }) {
  const result = image.result!
  if (result.outcome === 'ungradable') {
    const [first, ...others] = result.quality?.problems ?? []
    return (
      <div class="word">
        <strong>{first ? tCode('quality', first.code, first.finding) : t('outcome.ungradable')}</strong>
        <Pill tone="warn" icon="camera">{t('outcome.retake')}</Pill>
        {first && <p>{tCode('quality.advice', first.code, first.advice)}</p>}
        {others.length > 0 && <p class="quiet">{t('card.also')} {others.map(p => tCode('quality', p.code, p.finding)).join(', ')}</p>}
        {first && <p class="quiet">{first.finding}</p>}
      </div>
    )
  }
  if (result.outcome !== 'graded' || result.grade === null) return <div class="word"><strong>{t(`outcome.${result.outcome}`)}</strong><p>{result.detail}</p></div>
  return (
    <div class="word">
      <ImageGrade image={image} grade={result.grade} />
      {result.referable
        ? <Pill tone="bad">{t('outcome.refer')}</Pill>
        : <Pill tone={result.unsure ? 'warn' : 'good'}>{result.unsure ? t('outcome.unsure') : t('outcome.noReferral')}</Pill>}
      {result.unsure && <p>{t('card.unsure')} {result.unsureReasons.map(r => tCode('unsure', r)).join('; ')}.</p>}
      <p class="quiet">{t(isOct(image) ? 'card.certaintyOct' : 'card.certainty', { p: Math.round(100 * (result.probabilities?.[result.grade] ?? 0)) })}{result.set && result.set.length > 1 ? ` ${t(isOct(image) ? 'card.setOct' : 'card.set', { set: inWords(image, result.set) })}` : ''}</p>
    </div>
  )
}

export function EyePicker({ onPick }: { onPick: (eye: Eye) => void }) {
  return (
    <div class="ask" role="group" aria-label={t('eye.ask')}>
      <strong>{t('eye.ask')}</strong>
      <button type="button" class="button" onClick={() => onPick('right')}>{t('eye.right')}</button>
      <button type="button" class="button" onClick={() => onPick('left')}>{t('eye.left')}</button>
    </div>
  )
}
