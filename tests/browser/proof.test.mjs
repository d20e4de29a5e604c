// What is still needed after an application, as somebody sends it from a phone, and the desk that looks at it: somebody whose number the
// hub does not match applies, sends a wrong file and a right one, a reviewer says why one is no good and accepts another. At each
// stop: no script, axe, 320 px, targets of 44 px, valid HTML, pictures to look at.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { BASE, DESK, PHONE, launch, localized } from './lib.mjs';
import { Met, apply, shown } from './private.mjs';

// The desk's address, the program and its data folder: tests/run sets them.
const { DESK_BASE, WINDOWSHOP, DATA } = process.env;
const pictures = process.env.SCREENSHOTS || 'target/screenshots';
const SEARCH = 'year=2026&zip=45202&county=39061&people=40&income=37650';
// The hub's test people: a last name decides (docs/hub.md).
const ANSWERS = {
  first_name: 'Ana', last_name: 'Nossn', birth_date: '3/14/1986', sex: 'female', zip: '45202', street: '1 Elm Street', city: 'Cincinnati',
  notices_by: 'mail', spoken: 'english', written: 'en', jointly: 'no', claimed: 'no', unreconciled: 'no', dependents: 'none', ssn: '123-45-3765',
  citizen: 'yes', earners: '1', income_kinds: 'wages', deduction_kinds: 'none', employer: 'Elm Bakery', amount: '3137.50', frequency: 'monthly',
  lasts: 'all_year', another: 'no', offered: 'none', covered: 'none', events: 'none', consent: '5', signature: 'Ana Nossn', help: 'yes', files: 'yes', tobacco: 'none',
};
const NONE = ['pregnant', 'tribal', 'disabled', 'daily_care', 'student', 'foster_care', 'caretaker', 'in_custody', 'medicaid_denied'];
const OPTIONAL = ['middle_name', 'suffix', 'unit', 'phone', 'no_home', 'no_ssn', 'race', 'email'];

let browser, met;
before(async () => {
  assert.ok(DESK_BASE && WINDOWSHOP && DATA, 'DESK_BASE, WINDOWSHOP and DATA name the desk, the program and its data (tests/run sets them)');
  browser = await launch();
  met = new Met('proof', pictures);
});
after(async () => { await browser.close(); met.end(); });

/** Runs in the page: what is too small to touch, sticks out, or runs. */
function touch() {
  const page = document.documentElement, faults = [];
  if (document.scrollingElement.scrollWidth > page.clientWidth) faults.push(`scrolls ${document.scrollingElement.scrollWidth - page.clientWidth} px sideways`);
  for (const e of document.querySelectorAll('main button, main input:not([type=hidden]):not([type=checkbox]):not([type=radio]), main select, main a.button, main .ways a, main a.way, main .sent a, main .back a')) {
    const box = e.getBoundingClientRect();
    if (e.checkVisibility() && box.height < 43.5) faults.push(`only ${box.height} px high: ${e.outerHTML.slice(0, 80)}`);
    if (box.right > page.clientWidth + 1 && !e.closest('.wide')) faults.push(`sticks out: ${e.outerHTML.slice(0, 80)}`);
  }
  if (document.scripts.length) faults.push('has a script');
  return faults;
}

async function look(tab, name, lang) {
  const say = await met.keep(tab, name, lang);
  await met.sizes(tab, [name, lang], say, touch);
  await met.axe(tab, say);
}

const PDF = Buffer.from('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 1\ntrailer<<>>\nstartxref\n9\n%%EOF\n');
const file = (name, buffer = PDF, mimeType = 'application/pdf') => ({ name, mimeType, buffer });

test('a number that does not match is proved', async () => {
  const context = await browser.newContext(PHONE), tab = await context.newPage();
  await apply(tab, SEARCH, [ANSWERS, NONE, OPTIONAL]);
  const visit = (path, lang = 'en') => tab.goto(BASE + localized(lang, path), { waitUntil: 'load' });
  for (let i = 0; i < 100; i++) {
    await visit('/account/proof');
    if (await tab.locator('article.need').count()) break;
    await new Promise(done => setTimeout(done, 200));
  }
  const address = await tab.locator('article.need a.button').first().getAttribute('href');
  for (const lang of ['en', 'es']) {
    await visit('/account/proof', lang);
    await look(tab, 'list', lang);
    for (const page of ['', '/later', '/paper']) {
      await visit(address + page, lang);
      await look(tab, `item${page.replace('/', '-')}`, lang);
    }
    await tab.emulateMedia({ media: 'print' });
    await met.picture(tab, `cover-${lang}-paper`);
    assert.equal(await tab.locator('main a:visible, main button:visible').count(), 0, 'only what belongs there is on paper');
    await tab.emulateMedia({ media: 'screen' });
    await visit(address, lang);
    // With the keyboard alone: the field, then the button after it.
    await tab.locator('#file').focus();
    await tab.keyboard.press('Tab');
    assert.ok(await tab.evaluate(() => document.activeElement.matches('main form button')), 'the button follows the field');
    await tab.locator('#file').setInputFiles([file(`dark ${lang}.pdf`, Buffer.concat([PDF, Buffer.from(` ${lang}`)])), file('page.html', Buffer.from('<html>')), file('empty.pdf', Buffer.alloc(0))]);
    await Promise.all([tab.waitForNavigation(), tab.locator('main form[enctype] button').click()]);
    await look(tab, 'refused', lang);
    assert.equal(await tab.locator('[role=alert] li').count(), 2, await tab.locator('main').innerText());
  }
  await tab.locator('#file').setInputFiles([file('good.pdf')]);
  await Promise.all([tab.waitForNavigation(), tab.locator('main form[enctype] button').click()]);
  assert.match(await tab.locator('[role=status]').innerText(), /Recibimos 1 archivo/);
  await look(tab, 'received', 'es');

  // 11 MB: its browser reads why.
  await tab.locator('#file').setInputFiles([file('large.pdf', Buffer.alloc(11 << 20, 'x'))]);
  await Promise.all([tab.waitForNavigation(), tab.locator('main form[enctype] button').click()]);
  assert.match(await tab.locator('[role=alert]').innerText(), /10 MB/);

  // An appeal for the desk's other line.
  await visit('/account/apply/sent');
  await tab.goto(`${BASE}${await tab.locator('main a.button[href*="/account/notice/"]').first().getAttribute('href')}/appeal`, { waitUntil: 'load' });
  await tab.check('#whose-1');
  await tab.check('#what-credit');
  await tab.fill('#why', 'Overtime does not count.');
  await tab.fill('#reach', '513 555 0100');
  await Promise.all([tab.waitForNavigation(), tab.locator('main form[novalidate] button[value=check]').click()]);
  await Promise.all([tab.waitForNavigation(), tab.locator('main form[novalidate] button[value=send]').click()]);

  await desk();
  await visit('/account/proof');
  await look(tab, 'settled', 'en');
  assert.match(await tab.locator('main').innerText(), /Accepted[\s\S]*|We could not use this/);
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.locator('.sent a', { hasText: 'good.pdf' }).click()]);
  assert.deepEqual(readFileSync(await download.path()), PDF);
  await context.close();
  met.none();
});

/** A reviewer on their first day: rejects one document, accepts another. */
async function desk() {
  const made = spawnSync(WINDOWSHOP, ['desk', 'add', 'maria', '--role', 'supervisor', '--data-dir', DATA], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const context = await browser.newContext(DESK), tab = await context.newPage();
  const press = name => Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.getByRole('button', { name }).first().click()]);
  await tab.goto(`${DESK_BASE}/desk`, { waitUntil: 'load' });
  await look(tab, 'desk-sign-in', 'en');
  await tab.goto(`${DESK_BASE}/desk/begin`, { waitUntil: 'load' });
  await look(tab, 'desk-begin', 'en');
  await press('Go on');
  await look(tab, 'desk-begin-wrong', 'en');
  await tab.getByLabel('Login').fill('maria');
  await tab.getByLabel('Code that you were given').fill(made.stdout.trim().split('\n').at(-1));
  await tab.getByLabel('New password').fill('siete garzas sobre el río');
  await press('Go on');
  await look(tab, 'desk-app', 'en');
  await tab.getByLabel('Code from your app').fill(shown(await tab.locator('p.typed').innerText()));
  await press('Finish');
  await look(tab, 'desk-line', 'en');
  await Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.getByRole('link', { name: /^Look at/ }).first().click()]);
  await look(tab, 'desk-item-closed', 'en');
  await press('Open it');
  await look(tab, 'desk-item', 'en');
  await tab.locator('article', { hasText: 'dark en.pdf' }).getByLabel(/^We could not read it/).check();
  await press(/^Reject ?: dark en.pdf/);
  await look(tab, 'desk-rejected', 'en');
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.getByRole('button', { name: /^Save to read it ?: good.pdf/ }).click()]);
  assert.equal(download.suggestedFilename(), 'good.pdf');
  await press(/^Accept: it settles the issue ?: good.pdf/);
  await look(tab, 'desk-accepted', 'en');
  await tab.goto(`${DESK_BASE}/desk/appeals`, { waitUntil: 'load' });
  await look(tab, 'desk-appeals', 'en');
  await Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.getByRole('link', { name: /^Look at appeal/ }).first().click()]);
  await look(tab, 'desk-appeal-closed', 'en');
  await press('Open it');
  await look(tab, 'desk-appeal', 'en');
  await press('Decide, and tell the person');
  await look(tab, 'desk-appeal-wrong', 'en');
  await tab.locator('#reason-rules_kept').check();
  await press('Decide, and tell the person');
  await look(tab, 'desk-appeal-decided', 'en');
  for (const page of ['accounts', 'aside', 'record']) {
    await tab.goto(`${DESK_BASE}/desk/${page}`, { waitUntil: 'load' });
    await look(tab, `desk-${page}`, 'en');
  }
  await context.close();
}

test('all of these pages are valid HTML', () => met.valid(20));
