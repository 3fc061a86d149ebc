import { useEffect, useRef } from 'preact/hooks'
import { useStore } from '../store'
import { isDark, theme } from '../theme'

export interface Series { name: string; values: number[]; color?: string }

/** Bars over categories, by ECharts, which is loaded when a chart is first shown. The same numbers stand in a table beside it: a canvas says nothing to a screen reader. */
export function BarChart({ categories, series, label, stacked = false }: { categories: string[]; series: Series[]; label: string; stacked?: boolean }) {
  const element = useRef<HTMLDivElement>(null)
  const now = useStore(theme)
  const key = JSON.stringify([categories, series])
  useEffect(() => {
    let closed = false
    let dispose = () => undefined as void
    void import('../charts').then(({ draw }) => {
      if (!closed && element.current) dispose = draw(element.current, categories, series, stacked, isDark())
    })
    return () => {
      closed = true
      dispose()
    }
  }, [key, now])
  return <div class="chart" ref={element} role="img" aria-label={label} />
}
