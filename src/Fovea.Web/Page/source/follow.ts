import { base, get } from './api'
import { language } from './i18n'
import type { Examination, ExaminationState, Image, ReviewState, Summary } from './types'

export interface ExaminationChange { id: string; state: ExaminationState; summary: Summary | null; review: ReviewState }

/** Tells of every change of an examination until its analysis is done. Where events do not come through (some proxies hold them back), asks every two seconds. */
export function follow(id: string, onImage: (image: Image) => void, onExamination: (change: ExaminationChange) => void): () => void {
  let timer = 0
  let stopped = false
  const stream = new EventSource(`${base}/examinations/${id}/events?language=${language.get()}`) // it takes no headers
  const stop = () => {
    stopped = true
    stream.close()
    clearTimeout(timer)
  }
  const poll = async () => {
    try {
      const now = await get<Examination>(`/examinations/${id}`)
      if (stopped) return
      now.images.forEach(onImage)
      onExamination(now)
      if (now.images.every(i => i.state === 'done')) return stop()
    } catch { /* asked again */ }
    if (!stopped) timer = window.setTimeout(poll, 2000)
  }
  const heard = () => {
    clearTimeout(timer)
    timer = 0
  }
  stream.addEventListener('image', e => { heard(); onImage(JSON.parse(e.data) as Image) })
  stream.addEventListener('examination', e => { heard(); onExamination(JSON.parse(e.data) as ExaminationChange) })
  timer = window.setTimeout(poll, 3000)
  stream.addEventListener('done', stop)
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED && !stopped && timer === 0) void poll()
  }
  return stop
}
