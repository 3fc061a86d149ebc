import { t, tCode } from '../i18n'
import type { Eye, Examination, Image, Recall, Result, ReviewState, Summary } from '../types'
import { Icon, type IconName } from './Icon'

export type Tone = 'good' | 'warn' | 'bad' | 'plain'

/** The grade's own colour is never all that tells: the number and the name stand there, too. */
export function GradeBadge({ grade, name }: { grade: number; name?: string | null }) {
  return <span class={`grade g${grade}`}><b>{grade}</b> {name ?? tCode('grade', String(grade))}</span>
}

export function EyeBadge({ eye: given }: { eye: Eye | 'unknown' | null }) {
  const eye = given === 'unknown' ? null : given
  return <span class={`eye ${eye ?? 'unknown'}`} title={eye ? t(`eye.${eye}`) : t('eye.unknown')}>{eye ? t(`eye.${eye}.short`) : '?'}<span class="aloud">{eye ? t(`eye.${eye}`) : t('eye.unknown')}</span></span>
}

export const isOct = (image: Image) => image.kind === 'oct'
/** The name of an image's grade: the page's words for retinopathy, the model's own for the classes of an OCT. */
export const gradeName = (image: Image, grade: number) => isOct(image) ? image.result?.classes?.[grade] ?? String(grade) : tCode('grade', String(grade))

/** A photograph's grade; of an OCT the class alone, since its number means nothing and would be read as a grade. */
export function ImageGrade({ image, grade }: { image: Image; grade: number }) {
  return isOct(image) ? <strong>{gradeName(image, grade)}</strong> : <GradeBadge grade={grade} name={gradeName(image, grade)} />
}

/** In full: number and name of a grade, the name alone of a class. */
export const gradeText = (image: Image, grade: number) => isOct(image) ? gradeName(image, grade) : `${grade} ${gradeName(image, grade)}`

/** The likely grades, or classes, in words. */
export const inWords = (image: Image, set: number[]) => set.map(grade => isOct(image) ? gradeName(image, grade) : String(grade)).join(', ')

export function toneOf(result: Result): Tone {
  if (result.outcome !== 'graded') return 'warn'
  if (result.referable) return 'bad'
  return result.unsure ? 'warn' : 'good'
}

const pills: Record<Tone, IconName> = { good: 'check', warn: 'alert', bad: 'alert', plain: 'eye' }
export function Pill({ tone, children, icon }: { tone: Tone; children: preact.ComponentChildren; icon?: IconName }) {
  return <span class={`pill ${tone}`}><Icon name={icon ?? pills[tone]} />{children}</span>
}

export function ReviewPill({ state }: { state: ReviewState }) {
  return <Pill tone={state === 'final' ? 'good' : state === 'awaitingArbitration' ? 'warn' : 'plain'} icon={state === 'final' ? 'check' : 'person'}>{t(`review.${state}`)}</Pill>
}

const recallTone: Record<Recall['code'], Tone> = { rescreen: 'good', refer: 'bad', urgent: 'bad', retake: 'warn', review: 'warn' }

/** What an examination comes to, in one band: the word, the reason, what to do next. */
export function SummaryBand({ examination }: { examination: Pick<Examination, 'summary' | 'state'> }) {
  const summary = examination.summary
  if (summary === null) {
    return <div class="band plain" role="status"><Icon name="eye" /><div><strong>{examination.state === 'empty' ? t('summary.empty') : t('summary.analysing')}</strong></div></div>
  }
  const recall = summary.recall
  const tone = recall ? recallTone[recall.code] : summary.refer ? 'bad' : 'plain'
  return (
    <div class={`band ${tone}`} role="status">
      <Icon name={pills[tone]} />
      <div>
        <strong>{recall ? t(`recall.${recall.code}`) : t('summary.analysing')}</strong>
        <p>{recall?.text}</p>
        <ul class="facts">{factsOf(summary, examination.state).map(f => <li key={f}>{f}</li>)}</ul>
      </div>
    </div>
  )
}

function factsOf(s: Summary, state: Examination['state']): string[] {
  const eyes = (list: Eye[]) => list.map(e => t(`eye.${e}`)).join(', ')
  return [
    ...(s.worstGrade === null ? [] : [`${t('summary.worst')}: ${s.worstGrade} ${tCode('grade', String(s.worstGrade))}${s.worstEye ? ` (${t(`eye.${s.worstEye}`)})` : ''}`]),
    ...(s.final ? [t('summary.final')] : []),
    ...(s.ungradableEyes.length > 0 ? [t('summary.ungradable', { eyes: eyes(s.ungradableEyes) })] : []),
    ...(s.missingEyes.length > 0 ? [t('summary.missing', { eyes: eyes(s.missingEyes) })] : []),
    ...(state === 'needsEye' ? [t('summary.needsEye')] : []),
  ]
}

/** Bars of the grades' probabilities; those in the conformal set are marked. */
export function Probabilities({ image }: { image: Image }) {
  const result = image.result
  if (!result?.probabilities) return null
  return (
    <dl class="bars">
      {result.probabilities.map((p, grade) => (
        <div key={grade} class={result.set?.includes(grade) ? 'in' : ''}>
          <dt>{gradeText(image, grade)}</dt>
          <dd><span class="bar"><span class={isOct(image) ? 'class' : `g${grade}`} style={{ width: `${Math.max(p * 100, 0.5)}%` }} /></span><span class="number">{(p * 100).toFixed(0)}{'\u202f'}%</span></dd>
        </div>
      ))}
    </dl>
  )
}
