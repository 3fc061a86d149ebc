import { BarChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { Series } from './components/Chart'

use([BarChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])

/** Draws, follows the element's size, and gives back what takes it away. The tooltip is drawn on the canvas: as HTML it would carry styles that the page's policy forbids. */
export function draw(element: HTMLElement, categories: string[], series: Series[], stacked: boolean, dark: boolean): () => void {
  const style = getComputedStyle(element)
  const [text, line] = [style.getPropertyValue('--soft').trim(), style.getPropertyValue('--line').trim()]
  const chart = init(element, null, { renderer: 'canvas' })
  chart.setOption({
    animation: false, textStyle: { fontFamily: style.fontFamily, color: text }, grid: { left: 8, right: 8, top: series.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
    ...(series.length > 1 ? { legend: { top: 0, left: 0, textStyle: { color: text }, itemWidth: 12, itemHeight: 12 } } : {}),
    tooltip: { trigger: 'axis', renderMode: 'richText', axisPointer: { type: 'shadow' }, backgroundColor: dark ? '#20282c' : '#fff', textStyle: { color: text }, borderColor: line },
    xAxis: { type: 'category', data: categories, axisLabel: { color: text, hideOverlap: true }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
    yAxis: { type: 'value', minInterval: 1, axisLabel: { color: text }, splitLine: { lineStyle: { color: line } } },
    series: series.map(s => ({ type: 'bar', name: s.name, data: s.values, barMaxWidth: 36, itemStyle: { borderRadius: stacked ? 0 : [4, 4, 0, 0], ...(s.color ? { color: s.color } : {}) }, ...(stacked ? { stack: 'all' } : {}) })),
  })
  const watch = new ResizeObserver(() => chart.resize())
  watch.observe(element)
  return () => {
    watch.disconnect()
    chart.dispose()
  }
}
