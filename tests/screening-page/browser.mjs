// The distribution's Chromium, and what is wrong with a page: errors in its console, findings of axe-core that are serious or critical, parts wider than the window.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
export const problems = []

export async function start(executablePath) {
  return chromium.launch({ executablePath, headless: true, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
}

/** A person at a browser of their own. `expected`: answers of the service that the story provokes, `[status, part of the address]`; the browser calls each an error. */
export async function sit(browser, name, base, expected = []) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, locale: 'en-GB', colorScheme: 'light', reducedMotion: 'reduce', acceptDownloads: true, baseURL: base })
  context.setDefaultTimeout(15000)
  const page = await context.newPage()
  const provoked = m => expected.some(([status, part]) => m.text().includes(`status of ${status}`) && m.location().url.includes(part))
  page.on('console', m => ['error', 'warning'].includes(m.type()) && !provoked(m) && problems.push({ who: name, at: page.url(), console: m.text(), of: m.location().url }))
  page.on('pageerror', e => problems.push({ who: name, at: page.url(), error: String(e) }))
  page.on('request', r => !r.url().startsWith(base) && !/^(data|blob):/.test(r.url()) && problems.push({ who: name, foreign: r.url() }))
  return page
}

const thorough = Boolean(process.env.FOVEA_NIGHTLY)
// The pages whose colours are their own; the others are made of the same parts. At night all are looked at in both.
const inDark = ['sign-in', 'upload', 'worklist', 'reading-room', 'dashboard']

/** Looks at a page as it stands, in light and dark. */
export async function look(page, name, shots) {
  for (const colorScheme of thorough || shots !== '-' || inDark.includes(name) ? ['light', 'dark'] : ['light']) {
    await page.emulateMedia({ colorScheme })
    // The page's policy lets no foreign script run, so axe comes in over the debugger, which no policy stops.
    await page.evaluate(axe)
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
    for (const v of found.violations.filter(v => ['serious', 'critical'].includes(v.impact)))
      problems.push({ page: name, colorScheme, axe: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)), why: v.nodes[0]?.any[0]?.message })
    if (shots !== '-') await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`), fullPage: true })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** No part of the page may be wider than a tablet held upright, or a telephone. */
export async function fits(page, name) {
  for (const [width, height] of [[820, 1180], [390, 844]]) {
    await page.setViewportSize({ width, height })
    // A chart follows its box a frame later.
    await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))))
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (over > 1) problems.push({ page: name, width, wide: `${over} px wider than the window` })
  }
  await page.setViewportSize({ width: 1360, height: 900 })
}
