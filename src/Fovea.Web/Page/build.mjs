// Bundles the page into a folder: scripts and styles named by their hash, so that a browser may keep them for good, and index.html, which names them.
// Written beside the folder and then renamed: a service that runs meanwhile sees the old page or the new one.
//   node build.mjs FOLDER
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const folder = resolve(process.argv[2] ?? join(here, '../wwwroot'))
const [fresh, old] = [`${folder}.new`, `${folder}.old`]
for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true })
mkdirSync(fresh, { recursive: true })
const made = await build({
  absWorkingDir: here, entryPoints: ['source/main.tsx', 'source/theme-first.ts'], outdir: join(fresh, 'page'), entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', assetNames: '[name]-[hash]',
  bundle: true, splitting: true, minify: true, format: 'esm', target: 'es2022', jsx: 'automatic', jsxImportSource: 'preact', metafile: true, loader: { '.svg': 'file' }, publicPath: '/page', legalComments: 'external', logLevel: 'warning',
})
const outputs = Object.entries(made.metafile.outputs)
const scriptOf = entry => `page/${basename(outputs.find(([, o]) => o.entryPoint === entry)[0])}`
const main = outputs.find(([, o]) => o.entryPoint === 'source/main.tsx')[1]
const icon = outputs.find(([name]) => name.endsWith('.svg'))[0]
const html = readFileSync(join(here, 'index.html'), 'utf8')
  .replace('{{first}}', `/${scriptOf('source/theme-first.ts')}`).replace('{{script}}', `/${scriptOf('source/main.tsx')}`).replace('{{icon}}', `/page/${basename(icon)}`).replace('{{style}}', `/page/${basename(main.cssBundle)}`)
writeFileSync(join(fresh, 'index.html'), html)
try { renameSync(folder, old) } catch (e) { if (e.code !== 'ENOENT') throw e }
renameSync(fresh, folder)
rmSync(old, { recursive: true, force: true })
