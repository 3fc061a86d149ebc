// Opens pages in the distribution's Chromium, in light, dark and on paper, and says what is wrong with them as JSON: errors in the console, requests that leave the file, findings of
// axe-core that are serious or critical, what Tab cannot reach, and parts wider than the window. Exit 1 where there is anything.
//   node check.mjs CHROMIUM SCREENSHOTS|- FILE.html…
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const [executablePath, shots, ...files] = process.argv.slice(2)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const profile = mkdtempSync(join(tmpdir(), 'fovea-chromium-'))
const browser = await chromium.launchPersistentContext(profile, {
  executablePath, headless: true, bypassCSP: false,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const problems = []
for (const file of files) {
  for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['light', 390]]) {
    const where = `${basename(file)}, ${scheme}, ${width} px`
    const page = await browser.newPage()
    page.on('console', m => ['error', 'warning'].includes(m.type()) && problems.push({ where, console: m.text() }))
    page.on('pageerror', e => problems.push({ where, error: String(e) }))
    page.on('request', r => /^(file|data|blob):/.test(r.url()) || problems.push({ where, request: r.url() }))
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: scheme })
    await page.goto(pathToFileURL(resolve(file)).href)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (wide > 1) problems.push({ where, wide: `${wide} px wider than the window` })
    if (shots !== '-') await page.screenshot({ path: join(shots, `${basename(file, '.html')}-${scheme}-${width}.png`), fullPage: true })
    await page.keyboard.press('Tab')
    if (await page.evaluate(() => document.activeElement === document.body)) problems.push({ where, keyboard: 'Tab reaches nothing' })
    // The page's policy lets no foreign script run, so axe comes in over the debugger, which no policy stops.
    await page.evaluate(axe)
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
    for (const v of found.violations.filter(v => ['serious', 'critical'].includes(v.impact)))
      problems.push({ where, axe: v.id, help: v.help, impact: v.impact, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)), count: v.nodes.length })
    await page.close()
  }
}
await browser.close()
rmSync(profile, { recursive: true, force: true })
console.log(JSON.stringify(problems, null, 1))
process.exit(problems.length > 0 ? 1 : 0)
