// Evaluates every expression of the dashboard and of the alerts on a real Prometheus that has scraped a running server.
// One that cannot be evaluated, or yields nothing where it should yield something, is a fault: that is how dashboards rot.
//
//   node tests/watch/expressions.mjs PROMETHEUS_URL   (tests/run does this, step watch)
import { readFileSync } from 'node:fs';

const [prometheus] = process.argv.slice(2);
const file = (name) => readFileSync(new URL(`../../docs/operations/${name}`, import.meta.url), 'utf8');
const faults = [];
let passed = 0;

async function query(expr) {
  const answer = await fetch(`${prometheus}/api/v1/query?${new URLSearchParams({ query: expr })}`);
  const said = await answer.json();
  if (said.status !== 'success') throw new Error(said.error);
  return said.data.result;
}

async function check(what, expr, isFine) {
  try {
    const result = await query(expr);
    if (isFine(result)) passed += 1;
    else faults.push(`${what}: yields nothing of use (${JSON.stringify(result).slice(0, 200)}): ${expr}`);
  } catch (error) {
    faults.push(`${what}: ${error.message}: ${expr}`);
  }
}

// ---- The dashboard: each expression yields at least one number.
const some = (result) => result.length > 0 && result.some(({ value }) => Number.isFinite(Number(value[1])));
for (const panel of JSON.parse(file('dashboard.json')).panels) {
  for (const { expr } of panel.targets) await check(`panel "${panel.title}"`, expr.replaceAll('$instance', '.*'), some);
}

// ---- The alerts: Prometheus has loaded them all, none is failing, and both sides of each comparison yield something, so
// an alert that is silent is silent because all is well and not because a name was misspelled.
const groups = (await (await fetch(`${prometheus}/api/v1/rules`)).json()).data.groups;
const rules = groups.flatMap((group) => group.rules);
const written = [...file('alerts.yml').matchAll(/- alert: (\w+)/g)].map((match) => match[1]);
if (rules.length !== written.length) faults.push(`${written.length} alerts are written, ${rules.length} are loaded`);
for (const rule of rules) {
  if (rule.health !== 'ok') faults.push(`alert ${rule.name}: ${rule.health} ${rule.lastError ?? ''}`);
  const names = [...new Set(rule.query.match(/\b(windowshop_[a-z_]+|up)\b/g))];
  // Without the label selectors: a status that has not occurred yet is not the rule's fault.
  for (const name of names) await check(`alert ${rule.name}`, name, some);
  await check(`alert ${rule.name} as a whole`, rule.query, (result) => Array.isArray(result));
}

// ---- The number of series is bounded, whatever was requested.
await check('the number of series', 'count({__name__=~"windowshop_.*"})', ([one]) => Number(one.value[1]) < 2000);

for (const fault of faults) console.log(fault);
console.log(`ℹ pass ${passed}\nℹ fail ${faults.length}`);
process.exit(faults.length ? 1 : 0);
