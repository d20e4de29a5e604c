// The application as a couple with a child fills it in, in both languages, without scripts: every page is sent empty first, so
// that what is wrong is looked at, too. At each: axe, 320 px, targets of 44 px, valid HTML, pictures to look at.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { BASE, BRONZE, GOLD, PHONE, launch, localized } from './lib.mjs';
import { Met, fill } from './private.mjs';

// Some hundred pictures: only when asked for.
const pictures = process.env.APPLY_PICTURES;
const SEARCH = 'year=2026&zip=45202&county=39061&people=40,38,9&income=52000';

let browser, met;
before(async () => {
  browser = await launch();
  met = new Met('apply', pictures);
});
after(async () => { await browser.close(); met.end(); });

// By question, or by question and row; `*` picks all of a list.
const ANSWERS = {
  'first_name.1': 'Ana María', 'first_name.2': 'Bartholomew', 'first_name.3': 'Cai', last_name: 'Núñez-O’Brien', suffix: 'none',
  'birth_date.1': '3/14/1986', 'birth_date.2': '5/1/1988', 'birth_date.3': '5/1/2017', 'sex.1': 'female', sex: 'male',
  zip: '45202', street: '1 Elm Street', city: 'Cincinnati', notices_by: 'email', email: 'ana@example.org', phone: '513 555 0100', spoken: 'spanish', written: 'en',
  'relation.2': 'spouse', relation: 'child', jointly: 'yes', claimed: 'no', unreconciled: 'no', 'dependents.1': '3', 'ssn.1': '123-45-6789', 'ssn.3': '123-45-6780',
  'no_ssn.2': 'yes', no_ssn_why: 'applied', 'citizen.2': 'no', status: 'lawful_permanent_resident', status_since: '5/1/2015', document: 'i551', document_until: '5/1/2030',
  pregnant: '1', babies: '1', full_medicaid: '', tribal: '3', tribe: 'Shawnee', disabled: 'none', daily_care: 'none', student: 'none', foster_care: 'none', caretaker: 'none', in_custody: 'none', tobacco: '2',
  earners: '1,2', 'income_kinds.1': 'wages', 'income_kinds.2': 'self_employment', deduction_kinds: 'student_loan_interest', employer: 'Elm Bakery', amount: '1,200',
  net_amount: '900', frequency: 'monthly', lasts: 'all_year', another: 'no', covered: '2', coverage_kinds: 'cobra', coverage_ends: 'yes', coverage_last_day: '12/31/2026',
  medicaid_denied: 'none', offered: '1', offer_employer: 'Elm Bakery', offer_kind: 'plan', offer_covers: '1,2', offer_alone: '150', offer_family: '450', offer_paid: 'monthly',
  events: 'none', consent: '5', signature: 'ana maria nunez o’brien', no_home: '', mail_zip: '',
};
const OPTIONAL = ['middle_name', 'unit', 'mail_unit', 'alien_number', 'document_number', 'document_country', 'offer_phone', 'starts', 'ends', 'race', 'no_ssn', 'no_home', 'tribe_state', 'full_medicaid'];

/** Runs in the page: what is too small to touch, sticks out, or lacks its words. */
function touch() {
  const page = document.documentElement, faults = [];
  if (document.scrollingElement.scrollWidth > page.clientWidth) faults.push(`scrolls ${document.scrollingElement.scrollWidth - page.clientWidth} px sideways`);
  for (const e of document.querySelectorAll('main button, main input:not([type=hidden]):not([type=checkbox]):not([type=radio]), main select, main .pick label, main a.button, main .ways a, main .tasks a, main .people a, main .back a')) {
    const box = e.getBoundingClientRect();
    if (e.checkVisibility() && box.height < 43.5) faults.push(`only ${box.height} px high: ${e.outerHTML.slice(0, 80)}`);
    if (box.right > page.clientWidth + 1) faults.push(`sticks out: ${e.outerHTML.slice(0, 80)}`);
  }
  for (const field of document.querySelectorAll('main input:not([type=hidden]):not([type=checkbox]):not([type=radio])')) {
    if (!field.autocomplete) faults.push(`${field.name} has no autocomplete`);
  }
  if (document.scripts.length) faults.push('has a script');
  return faults;
}

async function look(tab, name, lang) {
  const say = await met.keep(tab, name, lang);
  await tab.setViewportSize({ width: 320, height: 640 });
  (await tab.evaluate(touch)).forEach(fault => say(`at 320 px ${fault}`));
  for (const width of pictures ? [1280, 360] : []) {
    await tab.setViewportSize({ width, height: 800 });
    await met.picture(tab, `${name}-${lang}-${width}`);
  }
  // What axe looks at is the same in both languages.
  if (lang === 'en') await met.axe(tab, say);
}

/** Runs in the page: nothing is typed, nothing picked. */
function empty() {
  for (const field of document.querySelectorAll('main input:not([type=hidden]), main select')) {
    if (['radio', 'checkbox'].includes(field.type)) field.checked = false; else field.value = '';
  }
}

for (const lang of ['en', 'es']) {
  test(`a couple with a child applies (${lang})`, async () => {
    const context = await browser.newContext(PHONE), tab = await context.newPage();
    const go = selector => Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.locator(selector).first().click()]);
    const place = () => new URL(tab.url()).pathname.split('/account/apply')[1]?.slice(1).replaceAll('/', '-') ?? tab.url();
    const visit = path => tab.goto(BASE + localized(lang, path), { waitUntil: 'load' });
    await visit(`/sheet?${SEARCH}&plan=${BRONZE}&plan=${GOLD}`);
    await go('form[action$="/account/save"] button[formaction$="/account/apply/begin"]');
    assert.equal(place(), 'begin');
    await look(tab, 'begin', lang);
    await go('main form .buttons button');
    const pages = [];
    while (!['check', 'sent'].includes(place())) {
      const here = place(), at = tab.url();
      assert.ok(pages.filter(page => page === here).length < 4, `no way on from ${here}: ${await tab.locator('[role=alert]').allInnerTexts()}`);
      if (!pages.includes(here)) {
        // Sent empty, what is missing is said.
        await tab.evaluate(empty);
        await go('main form[novalidate] .buttons button');
        if (!await tab.locator('[role=alert]').count()) await tab.goto(at, { waitUntil: 'load' });
        await look(tab, here, lang);
      }
      pages.push(here);
      await tab.evaluate(fill, [ANSWERS, [], OPTIONAL]);
      await go('main form[novalidate] .buttons button');
    }
    for (const page of ['', '/check', '/household', '/optional', '/packet', '/packet?blank=2', '/employer', '/delete']) {
      await visit(`/account/apply${page}`);
      await look(tab, `page${page.replace(/[/?]/g, '-')}`, lang);
    }
    await visit('/account/apply/sign');
    await go('main form[novalidate] .buttons button');
    await look(tab, 'sign', lang);
    await tab.evaluate(fill, [ANSWERS, [], OPTIONAL]);
    await go('main form[novalidate] .buttons button');
    assert.equal(place(), 'sent', await tab.locator('main').innerText());
    await look(tab, 'sent', lang);
    await go('main a[href*="/account/notice/"]');
    await look(tab, 'notice', lang);
    if (pictures) await tab.emulateMedia({ media: 'print' });
    if (pictures) await tab.pdf({ path: join(pictures, `apply-notice-${lang}.pdf`) });
    if (pictures) await tab.emulateMedia({ media: 'screen' });
    // They think that it is wrong.
    await go('main .ways a[href$="/appeal"]');
    await look(tab, 'appeal', lang);
    await tab.fill('#reach', '');
    await go('main form[novalidate] .buttons button');
    await look(tab, 'appeal-wrong', lang);
    assert.equal(await tab.locator('[role=alert] li').count(), 4);
    await tab.check('#whose-1');
    await tab.check('#what-credit');
    await tab.fill('#why', 'Overtime does not count.\nI get none any more, and this-is-a-very-long-word-that-nobody-can-break-anywhere-on-a-phone.');
    await tab.fill('#reach', '513 555 0100');
    await go('main form[novalidate] .buttons button');
    await look(tab, 'appeal-check', lang);
    await go('main form[novalidate] button[value=send]');
    await look(tab, 'appeal-shown', lang);
    await go('main .ways a[href$="/withdraw"]');
    await look(tab, 'appeal-withdraw', lang);

    // A change of it: income, what is different, both applications in the list.
    await visit('/account/apply/report');
    await look(tab, 'report', lang);
    await go('main form .buttons button');
    assert.equal(place(), 'changed');
    await go('main form[novalidate] .buttons button');
    await look(tab, 'changed', lang);
    await tab.evaluate(fill, [{ what_changed: 'income', changed_on: '11/1/2026' }, [], []]);
    await go('main form[novalidate] .buttons button');
    assert.equal(place(), '');
    await look(tab, 'change-list', lang);
    await go('main .tasks a[href*="/apply/income/"]');
    await tab.evaluate(fill, [{ ...ANSWERS, amount: '1,500' }, [], OPTIONAL]);
    await go('main form[novalidate] .buttons button');
    for (const page of ['check', 'report', 'delete']) {
      await visit(`/account/apply/${page}`);
      await look(tab, `change-${page}`, lang);
    }
    await visit('/account/apply/sign');
    await tab.evaluate(fill, [ANSWERS, [], OPTIONAL]);
    await go('main form[novalidate] .buttons button');
    assert.equal(place(), 'sent', await tab.locator('main').innerText());
    await look(tab, 'change-sent', lang);
    await go('main a[href*="/account/notice/"]');
    await look(tab, 'change-notice', lang);
    await context.close();
    met.none();
  });
}

test('all of these pages are valid HTML', () => met.valid(60));
