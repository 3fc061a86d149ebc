// A day's work on the screening service, by five people in five browsers, on the page alone. Says what is wrong as JSON; exit 1 where there is anything.
//   node day.mjs CHROMIUM SCREENSHOTS|- ADDRESS PASSWORD PHOTOGRAPHS CHINESE_FONT|-
// PHOTOGRAPHS holds a_R.jpg, a_L.jpg, b_R.jpg, b_L.jpg, c_1.jpg, c_2.jpg (no eye in the name), dark_L.jpg, notes.txt, camera.dcm (of a left eye, as it says itself), slide_R.tif, scan_R.png (an OCT scan), and, where the
// real ones are there, idrid_R.jpg and idrid_L.jpg. CHINESE_FONT: whether the service can write reports in Chinese.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fits, look, problems, sit, start } from './browser.mjs'
import { kappa } from './kappa.mjs'
import { textOf } from './pdf.mjs'

const [executablePath, shots, base, password, photographs, chineseFont] = process.argv.slice(2)
const photograph = name => join(photographs, name)
const card = (page, name) => page.locator(`article[aria-label="${name}"]`)
const browser = await start(executablePath)
const begun = Date.now()
const said = what => console.error(`${((Date.now() - begun) / 1000).toFixed(1)} s: ${what}`)

try {
  await day()
} catch (error) {
  problems.push({ story: error.stack })
} finally {
  await browser.close()
}
console.log(JSON.stringify(problems, null, 1))
process.exit(problems.length > 0 ? 1 : 0)

async function day() {
  const admin = await sit(browser, 'administrator', base, [[401, '/session']])
  await admin.goto('/')
  await look(admin, 'sign-in', shots)
  await admin.fill('[name=username]', 'administrator')
  await admin.fill('[name=password]', 'not this one')
  await admin.keyboard.press('Enter')
  await admin.getByText('The name or the password is wrong.').waitFor()
  await admin.fill('[name=password]', password)
  await admin.keyboard.press('Enter')
  await admin.getByRole('heading', { name: 'Worklist' }).waitFor()
  await admin.getByText('Nothing waits for you').waitFor()
  said('signed in')

  // The administrator invites the others; each opens a link of their own and chooses a password.
  const links = [await invite(admin, 'nora', 'Nora', 'operator')]
  await look(admin, 'users', shots)
  for (const [name, displayName, role] of [['wei', 'Wei', 'grader'], ['ana', 'Ana', 'grader'], ['ruth', 'Ruth', 'ophthalmologist']]) links.push(await inviteByProgram(admin, name, displayName, role))
  const [nurse, wei, ana, chief] = await Promise.all(links.map(accept))
  said('four people joined')

  // The nurse: both eyes of three patients, dropped on the page.
  await nurse.goto('/upload')
  await look(nurse, 'upload-empty', shots)
  const a = await examine(nurse, 'P-0001', ['a_R.jpg', 'a_L.jpg', 'notes.txt'], true)
  assert.match(await card(nurse, 'notes.txt').innerText(), /Not accepted[\s\S]*notes\.txt:/)
  const b = await examine(nurse, 'P-0002', ['b_R.jpg', 'dark_L.jpg'], false)
  const dark = await card(nurse, 'dark_L.jpg').innerText()
  assert.match(dark, /Too dark/)
  assert.match(dark, /Take the photograph again/)
  assert.match(dark, /Raise the flash/)
  assert.match(await nurse.locator('.band').innerText(), /Ungradable: Left eye/)
  await admin.goto('/?view=ungradable')
  await admin.getByRole('link', { name: 'P-0002' }).waitFor()
  assert.equal(await admin.locator('.list tbody tr').count(), 1)
  // The photograph is taken again, and added to the same visit.
  await nurse.setInputFiles('input[type=file]', photograph('b_L.jpg'))
  await card(nurse, 'b_L.jpg').locator('.grade').waitFor()
  await look(nurse, 'upload', shots)
  const c = await examine(nurse, 'P-0003', ['c_1.jpg', 'c_2.jpg'], false)
  assert.match(await nurse.locator('.band').innerText(), /Say which eye it is/)
  await card(nurse, 'c_1.jpg').getByRole('button', { name: 'Right eye' }).click()
  await card(nurse, 'c_1.jpg').locator('.eye.right').waitFor()
  await card(nurse, 'c_2.jpg').getByRole('button', { name: 'Left eye' }).click()
  await card(nurse, 'c_2.jpg').locator('.eye.left').waitFor()
  const d = await examine(nurse, 'P-0004', ['camera.dcm', 'slide_R.tif'], false)
  assert.equal(await card(nurse, 'camera.dcm').locator('.eye.left').count(), 1, 'the eye that DICOM says')
  for (const name of ['camera.dcm', 'slide_R.tif']) await seen(nurse, name)
  const visits = [a, b, c, d]
  if (existsSync(photograph('idrid_R.jpg'))) visits.push(await examine(nurse, 'P-IDRID', ['idrid_R.jpg', 'idrid_L.jpg'], false))
  await nurse.goto('/')
  await nurse.getByRole('link', { name: 'P-0003' }).waitFor()
  assert.equal(await nurse.locator('.list tbody tr').count(), visits.length)
  await look(nurse, 'worklist', shots)
  await fits(nurse, 'worklist')
  said('uploaded')

  // The first reader, by keyboard: agrees with all but one.
  const pairs = []
  const override = {}
  await wei.goto('/')
  await wei.getByRole('link', { name: 'P-0001' }).click()
  await wei.locator('.choices').waitFor()
  assert.equal(await wei.locator('input[name=heat]').inputValue(), '0')
  await wei.keyboard.press('h')
  assert.equal(await wei.locator('input[name=heat]').inputValue(), '0.5')
  await wei.keyboard.press('b')
  await wei.waitForFunction(() => document.querySelectorAll('.viewer canvas').length >= 2)
  await wei.waitForTimeout(800)
  await look(wei, 'reading-room', shots)
  await fits(wei, 'reading-room')
  await wei.keyboard.press('b')
  const machine = Number(await wei.locator('.result .grade b').innerText())
  override.grade = machine === 3 ? 1 : 3
  await wei.keyboard.press(String(override.grade))
  await wei.getByLabel('Why another than the network’s').fill('Two haemorrhages that the network missed <b>&amp;</b>')
  override.image = await wei.locator('.shot[aria-pressed=true]').getAttribute('title')
  await wei.getByRole('button', { name: `Record: ${override.grade}` }).click()
  await wei.getByText('Recorded. Next photograph.').waitFor()
  pairs.push([machine, override.grade])
  for (const visit of visits) pairs.push(...await agreeWithAll(wei, visit))
  said('first reading')

  await drawBoxes(wei, a)
  said('boxes')

  // The second reader sees nothing of the first; they differ, and the ophthalmologist decides.
  await ana.goto('/?view=mine')
  await ana.waitForFunction(() => document.querySelectorAll('.list tbody tr').length === 1)
  await ana.getByRole('link', { name: 'P-0001' }).click()
  await ana.getByRole('heading', { name: 'Second reading' }).waitFor()
  assert.doesNotMatch(await ana.locator('main').innerText(), /haemorrhages that|wei/i)
  const second = override.grade === 2 ? 4 : 2
  const secondAgrees = second === machine
  await ana.keyboard.press(String(second))
  if (!secondAgrees) await ana.locator('[name=reason]').fill('Less than that')
  await ana.locator('.grading .primary').click()
  await ana.getByText('Waits for arbitration').or(ana.getByText('an ophthalmologist decides')).first().waitFor()
  await chief.goto('/?view=arbitration')
  await chief.getByRole('link', { name: 'P-0001' }).click()
  await chief.getByRole('heading', { name: 'Arbitration' }).waitFor()
  const both = await chief.locator('.reviews').innerText()
  assert.match(both, /Two haemorrhages that the network missed <b>&amp;<\/b>/)
  await look(chief, 'arbitration', shots)
  await chief.keyboard.press(String(override.grade))
  await chief.locator('[name=reason]').fill('The first reader is right')
  await chief.locator('.grading .primary').click()
  await chief.getByRole('heading', { name: 'Final grade' }).waitFor()
  said('second reading and arbitration')

  await report(nurse, a, override.grade)
  await reportInChinese(nurse, a)
  said('report')
  await dashboard(admin, visits, pairs, [[override.grade, second]])
  said('dashboard')
  await administer(admin)
  said('models, settings, audit')
  await compareVisits(nurse, b)
  said('an earlier visit beside')
  await scan(nurse)
  said('an OCT scan without a model')
  await keyForAProgram(admin)
  said('a key made, used and revoked')
  await deleteForGood(admin, c, d)
  said('deleted')
  await inChinese(nurse, a)
  said('Chinese')
}

/** The browser shows it, whatever the file was. */
async function seen(page, name) {
  await card(page, name).locator('.grade').waitFor()
  await page.waitForFunction(n => document.querySelector(`article[aria-label="${n}"] .picture img`)?.naturalWidth > 0, name)
}

async function scan(nurse) {
  await examine(nurse, 'P-0005', ['scan_R.png'], false)
  // A class by its name: its number would be read as a grade.
  assert.match(await card(nurse, 'scan_R.png').innerText(), /(CNV|DME|DRUSEN|NORMAL)[\s\S]*Probability of this class/)
  await nurse.getByRole('link', { name: 'Open in the reading room' }).click()
  await nurse.getByRole('heading', { name: 'The network’s class of this OCT scan' }).waitFor()
  assert.match(await nurse.locator('.shot').innerText(), /CNV|DME|DRUSEN|NORMAL/)
  assert.doesNotMatch(await nurse.locator('main').innerText(), /Grade \d|this grade/)
  assert.equal(await nurse.locator('.room-grid .grade').count(), 0)
  await look(nurse, 'oct', shots)
}

async function keyForAProgram(admin) {
  await admin.goto('/users')
  await admin.getByRole('button', { name: 'New key' }).click()
  await admin.fill('dialog [name=keyName]', 'Archive <b>1</b>')
  await admin.setChecked('dialog [name=operator]', false)
  await admin.setChecked('dialog [name=grader]', true)
  await look(admin, 'key', shots)
  await admin.getByRole('button', { name: 'Make the key' }).click()
  const secret = await admin.locator('dialog [name=secret]').inputValue()
  assert.match(secret, /^fovea_/)
  const asProgram = () => fetch(`${base}/api/v1/worklist`, { headers: { Authorization: `Bearer ${secret}` } })
  assert.equal((await asProgram()).status, 200)
  await admin.keyboard.press('Escape')
  const row = admin.getByRole('row', { name: /Archive <b>1<\/b>/ })
  await row.waitFor()
  assert.doesNotMatch(await admin.locator('main').innerText(), new RegExp(secret.slice(12)), 'the secret is shown once')
  await row.getByRole('button', { name: 'Revoke' }).click()
  await row.getByText('Revoked').waitFor()
  assert.equal((await asProgram()).status, 401)
}

/** An examination, then a patient: asked for a reason, gone from the lists, and only the audit knows. */
async function deleteForGood(admin, visit, other) {
  const sure = async (button, name) => {
    await admin.getByRole('button', { name: button }).click()
    const dialog = admin.getByRole('dialog')
    await look(admin, name, shots)
    await dialog.getByRole('button', { name: 'Delete for good' }).click()
    assert.equal(await dialog.count(), 1, 'nothing goes without a reason')
    await dialog.locator('[name=reason]').fill('The patient asked for it')
    await dialog.getByRole('button', { name: 'Delete for good' }).click()
    await admin.getByText('Deleted for good.').waitFor()
    await admin.getByRole('heading', { name: 'Worklist' }).waitFor()
  }
  await admin.goto(`/examinations/${visit.id}`)
  await admin.locator('.viewer canvas').first().waitFor()
  await sure('Delete this examination', 'delete-examination')
  await admin.goto(`/examinations/${other.id}`)
  await admin.locator('.viewer canvas').first().waitFor()
  await admin.locator('.lead a').click()
  await sure('Delete this patient', 'delete-patient')
  await admin.goto('/?view=all')
  await admin.getByRole('link', { name: 'P-0001' }).waitFor()
  for (const gone of [visit, other]) assert.equal(await admin.getByRole('link', { name: gone.pseudonym }).count(), 0)
  await admin.goto('/audit')
  await admin.fill('[name=action]', 'patient.delete')
  await admin.waitForFunction(() => [...document.querySelectorAll('.audit tbody td:nth-child(4)')].every(c => c.textContent === 'patient.delete'))
  assert.doesNotMatch(await admin.locator('.audit tbody').innerText(), /P-0004/)
}

async function invite(admin, name, displayName, role) {
  if (!admin.url().endsWith('/users')) await admin.goto('/users')
  await admin.getByRole('button', { name: 'New user' }).click()
  await admin.fill('dialog [name=name]', name)
  await admin.fill('dialog [name=displayName]', displayName)
  for (const r of ['operator', 'grader', 'ophthalmologist', 'administrator']) await admin.setChecked(`dialog [name=${r}]`, r === role)
  await admin.getByRole('button', { name: 'Make the user' }).click()
  const link = await admin.locator('dialog [name=link]').inputValue()
  await admin.keyboard.press('Escape')
  await admin.locator('dialog').waitFor({ state: 'detached' })
  return { link, name }
}

/** The same as a program does it, which is quicker. */
async function inviteByProgram(admin, name, displayName, role) {
  const made = await admin.evaluate(async body => {
    const { csrfToken } = await (await fetch('/api/v1/session')).json()
    return (await fetch('/api/v1/users', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken }, body: JSON.stringify(body) })).json()
  }, { name, displayName, roles: [role] })
  return { link: `/welcome#${made.token}`, name }
}

async function accept({ link, name }) {
  const page = await sit(browser, name, base, [[422, '/images']])
  await page.goto(link)
  await page.fill('[name=password]', 'quiet lamps over water')
  await page.fill('[name=again]', 'quiet lamps over water')
  await page.getByRole('button', { name: 'Set password and start' }).click()
  await page.getByRole('heading', { name: 'Worklist' }).waitFor()
  return page
}

/** Drops photographs, gives the patient's number, waits for every verdict. Returns what came of each. */
async function examine(page, pseudonym, names, watch) {
  await page.goto('/upload')
  const files = names.map(n => ({ name: n, type: n.endsWith('.txt') ? 'text/plain' : 'image/jpeg', data: readFileSync(photograph(n)).toString('base64') }))
  const transfer = await page.evaluateHandle(list => {
    const t = new DataTransfer()
    for (const f of list) t.items.add(new File([Uint8Array.from(atob(f.data), c => c.charCodeAt(0))], f.name, { type: f.type }))
    return t
  }, files)
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer })
  assert.equal(await page.getByText('Waits for the patient’s number').count(), names.length)
  await page.fill('[name=pseudonym]', pseudonym)
  if (watch) {
    // Each file's progress must have been on the screen, however short.
    await page.evaluate(() => {
      window.seen = new Set()
      new MutationObserver(() => { for (const s of document.querySelectorAll('.word > strong')) window.seen.add(s.textContent) }).observe(document.body, { subtree: true, childList: true, characterData: true })
    })
  }
  await page.getByRole('button', { name: 'Send the photographs' }).click()
  await page.getByRole('link', { name: 'Open in the reading room' }).waitFor()
  if (watch) {
    const seen = await page.evaluate(() => [...window.seen])
    assert.ok(seen.includes('Sending'), `progress of sending was shown: ${seen}`)
    assert.ok(seen.some(s => /Waits to be analysed|Looking at quality and grade/.test(s)), `progress of the analysis was shown: ${seen}`)
  }
  const id = /examinations\/([^/]+)/.exec(await page.getByRole('link', { name: 'Open in the reading room' }).getAttribute('href'))[1]
  return { id, pseudonym }
}

/** Opens a visit and agrees, by the keys A and Enter, wherever this reader's word is missing. */
async function agreeWithAll(page, visit) {
  const pairs = []
  await page.goto(`/examinations/${visit.id}`)
  await page.locator('.grading').waitFor()
  for (;;) {
    const waiting = await page.locator('.shot .dot').count()
    if (waiting === 0) return pairs
    await page.locator('.choices').waitFor()
    const grade = page.locator('.result .grade b')
    if (await grade.count() > 0) pairs.push([Number(await grade.innerText()), Number(await grade.innerText())])
    await page.keyboard.press('a')
    await page.getByRole('button', { name: /^Agree/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForFunction(n => document.querySelectorAll('.shot .dot').length === n, waiting - 1)
  }
}

async function drawBoxes(page, visit) {
  await page.goto(`/examinations/${visit.id}`)
  await page.locator('.viewer canvas').first().waitFor()
  await page.waitForTimeout(600)
  await page.getByRole('button', { name: 'Draw boxes' }).click()
  await page.getByRole('radio', { name: 'Haemorrhage' }).click()
  const area = await page.locator('svg.edit').boundingBox()
  const [x, y] = [area.x + area.width / 2, area.y + area.height / 2]
  await page.mouse.move(x - 60, y - 40)
  await page.mouse.down()
  await page.mouse.move(x + 20, y + 30, { steps: 5 })
  await page.mouse.up()
  // Another by keyboard, moved to the right and made wider.
  await page.getByRole('radio', { name: 'Hard exudate' }).click()
  await page.getByRole('button', { name: 'Add in the middle' }).click()
  const row = page.locator('.box-list .row').nth(1)
  await row.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Alt+ArrowRight')
  await look(page, 'boxes', shots)
  const size = await page.evaluate(() => fetch(document.querySelector('.shot[aria-pressed=true] img').src.replace(/\/view.*/, '')).then(r => r.json()))
  await page.getByRole('button', { name: 'Save boxes' }).click()
  await page.getByText('Boxes saved: 2.').waitFor()
  await page.reload()
  await page.locator('.viewer canvas').first().waitFor()
  await page.getByRole('button', { name: 'Draw boxes' }).click()
  assert.equal(await page.locator('.box-list li').count(), 2)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Pascal VOC' }).click()])
  const xml = readFileSync(await download.path(), 'utf8')
  const boxes = [...xml.matchAll(/<object>[\s\S]*?<\/object>/g)].map(m => Object.fromEntries(['name', 'xmin', 'ymin', 'xmax', 'ymax'].map(k => [k, new RegExp(`<${k}>([^<]*)`).exec(m[0])[1]])))
  assert.deepEqual(boxes.map(o => o.name).sort(), ['haemorrhage', 'hard_exudate'])
  for (const o of boxes) assert.ok(Number(o.xmin) >= 0 && Number(o.xmin) < Number(o.xmax) && Number(o.xmax) <= size.width && Number(o.ymin) < Number(o.ymax) && Number(o.ymax) <= size.height, JSON.stringify(o))
  await page.getByRole('button', { name: 'Done' }).click()
}

async function report(page, visit, grade) {
  await page.goto(`/examinations/${visit.id}`)
  await page.getByRole('link', { name: 'Report' }).click()
  const inside = page.frameLocator('iframe.report')
  await inside.getByText('P-0001').first().waitFor()
  assert.match(await inside.locator('body').innerText(), /research software, not a medical device/i)
  await look(page, 'report', shots)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download PDF' }).click()])
  const { pages, text } = await textOf(await download.path())
  assert.ok(pages >= 1)
  for (const part of [/P-0001/, /research software, not a medical device/i, /right/i, /left/i, new RegExp(`\\b${grade}\\b`)]) assert.match(text, part)
}

async function reportInChinese(page, visit) {
  await page.goto(`/examinations/${visit.id}/report`)
  await page.selectOption('[name=language]', 'zh')
  await page.frameLocator('iframe.report').getByText('糖尿病视网膜病变筛查报告').first().waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download PDF' }).click()])
  const { text } = await textOf(await download.path())
  const expected = chineseFont === '-' ? [/Chinese font is not installed/, /Diabetic retinopathy screening report/] : [/糖尿病视网膜病变筛查报告/, /研究软件，不是医疗器械/, /右眼/, /P-0001/, /医生分级/]
  for (const part of expected) assert.match(text, part)
}

async function dashboard(page, visits, pairs, readers) {
  await page.goto('/dashboard')
  await page.locator('[data-test=images]').waitFor()
  await page.locator('.chart canvas').first().waitFor()
  const tile = async name => (await page.locator(`[data-test=${name}]`).innerText()).replace(/\u202f/g, ' ')
  // Two of P-0001, three of P-0002, two of P-0003, two of P-0004 (and two of IDRiD); the text file is no photograph. One is ungradable.
  const images = 1 + 2 * visits.length
  assert.match(await tile('images'), new RegExp(`\\n${images}\\n[\\s\\S]*examinations: ${visits.length}, patients: ${visits.length}`))
  assert.match(await tile('ungradable'), new RegExp(`\\n${Math.round(100 / images)} %\\n[\\s\\S]*photographs: 1`))
  assert.equal(pairs.length, images - 1)
  const agree = pairs.filter(([a, b]) => a === b).length
  const expected = kappa(pairs)
  assert.match(await tile('kappa'), new RegExp(`\\n${expected === null ? '–' : expected.toFixed(2)}\\n[\\s\\S]*agree on ${agree} of ${pairs.length}`), `kappa of ${JSON.stringify(pairs)}`)
  const rows = await page.locator('[data-test=grades] tbody tr').allInnerTexts()
  assert.deepEqual(rows.map(r => Number(r.split('\t')[1])), [0, 1, 2, 3, 4].map(g => pairs.filter(([m]) => m === g).length), 'grades of the network')
  assert.deepEqual(rows.map(r => Number(r.split('\t')[2])), [0, 1, 2, 3, 4].map(g => pairs.filter(([, r]) => r === g).length), 'final grades: the ophthalmologist upheld the first reader')
  assert.match(await page.getByRole('heading', { name: 'First and second reader' }).locator('..').innerText(), new RegExp(`agree on 0 of ${readers.length}`))
  await look(page, 'dashboard', shots)
  await fits(page, 'dashboard')
}

async function administer(page) {
  await page.goto('/models')
  await page.getByText('In use').first().waitFor()
  await look(page, 'models', shots)
  await page.goto('/settings')
  await page.locator('[name=months-0]').fill('24')
  await page.locator('[name=siteName]').fill('Valley <i>Eye</i> Clinic')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Settings saved.').waitFor()
  await page.reload()
  await page.locator('[name=months-0]').waitFor()
  assert.equal(await page.locator('[name=months-0]').inputValue(), '24')
  await page.getByText('Valley <i>Eye</i> Clinic').first().waitFor()
  await look(page, 'settings', shots)
  await page.goto('/audit')
  await page.locator('.audit tbody tr').first().waitFor()
  await page.getByRole('button', { name: 'Check the chain' }).click()
  await page.getByText(/The chain is whole: \d+ entries/).waitFor()
  await page.fill('[name=action]', 'review.add')
  await page.waitForFunction(() => [...document.querySelectorAll('.audit tbody td:nth-child(4)')].every(c => c.textContent === 'review.add'))
  await look(page, 'audit', shots)
}

/** A patient comes again: the earlier visit's photograph of the same eye stands beside the new one. */
async function compareVisits(page, earlier) {
  const now = await examine(page, earlier.pseudonym, ['b_R.jpg'], false)
  await page.goto(`/examinations/${now.id}`)
  await page.locator('.viewer canvas').first().waitFor()
  assert.equal(await page.locator('.viewer').count(), 1)
  await page.locator('select[name=compare] optgroup[label="Other visits"] option').first().waitFor({ state: 'attached' })
  await page.selectOption('select[name=compare]', `visit:${earlier.id}`)
  await page.waitForFunction(() => document.querySelectorAll('.viewer').length === 2)
  const eyes = await page.locator('.viewer figcaption .aloud').allInnerTexts()
  assert.deepEqual(eyes, ['Right eye', 'Right eye'])
}

async function inChinese(page, visit) {
  await page.goto(`/examinations/${visit.id}`)
  await page.locator('.viewer canvas').first().waitFor()
  await page.getByRole('button', { name: '中文' }).click()
  await page.getByText('研究软件，不是医疗器械。').waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN')
  await page.waitForTimeout(300)
  await look(page, 'reading-room-zh', shots)
  await page.getByRole('button', { name: 'EN', exact: true }).click()
  await page.getByRole('button', { name: '退出' }).or(page.getByRole('button', { name: 'Sign out' })).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
}
