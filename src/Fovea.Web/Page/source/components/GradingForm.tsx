import { useRef, useState } from 'preact/hooks'
import { call } from '../api'
import { t, tCode, time } from '../i18n'
import { has } from '../session'
import { useShortcuts } from '../shortcuts'
import type { Image, Review } from '../types'
import { Field, useAction } from './basics'
import { ImageGrade, Pill, gradeName, gradeText, isOct } from './verdict'

type Choice = number | 'ungradable'
const machineChoice = (image: Image): Choice | null => image.result?.outcome === 'graded' ? image.result.grade : image.result?.outcome === 'ungradable' ? 'ungradable' : null

/** The reader's word on one photograph. A reader who says what the network says agrees; any other word needs its reason. */
export function GradingForm({ image, onSaved }: { image: Image; onSaved: (image: Image) => void }) {
  const { review } = image
  if (image.result === null) return null
  if (review.state === 'final') {
    return (
      <section class="panel grading">
        <h2>{t('grading.final')}</h2>
        {review.finalUngradable ? <Pill tone="warn" icon="camera">{t('outcome.ungradable')}</Pill> : review.finalGrade !== null && <ImageGrade image={image} grade={review.finalGrade} />}
        <Reviews image={image} reviews={review.reviews} />
      </section>
    )
  }
  if (review.mine && !review.canReview) {
    return (
      <section class="panel grading">
        <h2>{t('grading.mine')}</h2>
        <Reviews image={image} reviews={[review.mine]} />
        <p class="quiet">{tCode('grading.waits', review.state, '')}</p>
      </section>
    )
  }
  if (!review.canReview) {
    return review.state === 'none' ? null : <section class="panel grading"><h2>{t('grading.title')}</h2><p>{t(`review.${review.state}`)}.</p>{!has('grader', 'ophthalmologist') && <p class="quiet">{t('grading.notReader')}</p>}</section>
  }
  return <Form image={image} onSaved={onSaved} />
}

function Form({ image, onSaved }: { image: Image; onSaved: (image: Image) => void }) {
  const [choice, setChoice] = useState<Choice | null>(null)
  const [reason, setReason] = useState('')
  const [begun] = useState(() => Date.now())
  const words = useRef<HTMLTextAreaElement>(null)
  const action = useAction()
  const role = image.review.nextRole ?? 'first'
  const machine = machineChoice(image)
  const arbitration = role === 'arbitration'
  const agrees = choice !== null && choice === machine && !arbitration
  const grades = image.result?.probabilities?.length ?? 5

  const pick = (c: Choice) => {
    setChoice(c)
    if (c !== machine || arbitration) requestAnimationFrame(() => words.current?.focus())
  }
  const save = async () => {
    if (choice === null) return
    if (!agrees && reason.trim().length < 3) return words.current?.focus()
    const seconds = Math.min(Math.round((Date.now() - begun) / 1000), 86400)
    const body = agrees ? { decision: 'agree', seconds }
      : { decision: 'override', ...(choice === 'ungradable' ? { ungradable: true } : { grade: choice }), reason: reason.trim(), seconds }
    await action.run(async () => onSaved(await call<Image>('POST', `/images/${image.id}/reviews`, body)))
  }
  useShortcuts({
    ...Object.fromEntries(Array.from({ length: Math.min(grades, 10) }, (_, g) => [String(g), () => pick(g)])),
    u: () => pick('ungradable'), a: machine === null || arbitration ? undefined : () => pick(machine), enter: () => void save(),
  })

  return (
    <form class="panel grading" onSubmit={e => { e.preventDefault(); void save() }}>
      <h2>{t(`grading.${role}`)}</h2>
      {role === 'second' && <p class="quiet">{t('grading.blind')}</p>}
      {arbitration && <><p class="quiet">{t('grading.arbitrate')}</p><Reviews image={image} reviews={image.review.reviews} /></>}
      <div class="choices" role="radiogroup" aria-label={t('grading.title')}>
        {Array.from({ length: grades }, (_, g) => (
          <button key={g} type="button" role="radio" aria-checked={choice === g} class={`choice g${g}`} onClick={() => pick(g)}>
            <b>{g}</b><span>{gradeName(image, g)}</span>{machine === g && <em>{t('grading.network')}</em>}
          </button>
        ))}
        <button type="button" role="radio" aria-checked={choice === 'ungradable'} class="choice none" onClick={() => pick('ungradable')}>
          <b>U</b><span>{t('outcome.ungradable')}</span>{machine === 'ungradable' && <em>{t('grading.network')}</em>}
        </button>
      </div>
      {choice !== null && !agrees && (
        <Field label={arbitration ? t('grading.why') : t('grading.whyOther')}>
          <textarea ref={words} name="reason" rows={2} minLength={3} maxLength={2000} required value={reason} onInput={e => setReason(e.currentTarget.value)}
            onKeyDown={e => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) void save() }} />
        </Field>
      )}
      <button class="button primary wide" disabled={choice === null || action.busy}>
        {choice === null ? t('grading.choose') : t(agrees ? 'grading.agree' : 'grading.record', { grade: choice === 'ungradable' ? t('outcome.ungradable') : isOct(image) ? gradeName(image, choice) : choice })}
      </button>
    </form>
  )
}

function Reviews({ image, reviews }: { image: Image; reviews: readonly Review[] }) {
  return (
    <ol class="reviews">
      {reviews.map(r => (
        <li key={r.id}>
          <strong>{t(`grading.by.${r.role}`)}</strong> {r.ungradable ? t('outcome.ungradable') : r.grade !== null ? gradeText(image, r.grade) : t('grading.agreed')}
          {r.reason && <q>{r.reason}</q>}
          <span class="quiet small">{r.reader}, {time(r.createdAt)}</span>
        </li>
      ))}
    </ol>
  )
}
