// The text of a PDF, page by page, as a reader would copy it.
import { readFileSync } from 'node:fs'
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs'

export async function textOf(path) {
  const pdf = await getDocument({ data: new Uint8Array(readFileSync(path)), isEvalSupported: false, useSystemFonts: false, verbosity: 0 }).promise
  let text = ''
  for (let n = 1; n <= pdf.numPages; n++) {
    const content = await (await pdf.getPage(n)).getTextContent()
    text += content.items.map(i => i.str + (i.hasEOL ? '\n' : '')).join('') + '\n'
  }
  return { pages: pdf.numPages, text: text.replace(/[ \t]+/g, ' ') }
}
