import { t, tCode } from '../i18n'
import type { Image } from '../types'
import { Probabilities, inWords, isOct } from './verdict'
import { Verdict } from './VerdictCard'

/** What the network said of one photograph, and which network. */
export function ResultPanel({ image }: { image: Image }) {
  const result = image.result
  return (
    <section class="panel result">
      <h2>{isOct(image) ? t('result.titleOct') : t('result.title')}</h2>
      {result === null ? <p role="status">{t('state.analysing')}</p> : (
        <>
          <Verdict image={image} />
          <Probabilities image={image} />
          {result.set && result.setCoverage !== null && <p class="quiet">{t(isOct(image) ? 'result.setOct' : 'result.set', { set: inWords(image, result.set), p: Math.round(result.setCoverage * 100) })}</p>}
          {result.outcome === 'graded' && (result.quality?.problems.length ?? 0) > 0 && <p class="quiet">{t('result.quality')} {result.quality!.problems.map(p => tCode('quality', p.code, p.finding)).join(', ')}</p>}
          {result.model && <p class="quiet small">{result.model.name} · <code title={result.model.sha256}>{result.model.sha256.slice(0, 12)}</code> · {t('result.seconds', { s: result.seconds.toFixed(2) })}</p>}
        </>
      )}
    </section>
  )
}
