// SPDX-License-Identifier: GPL-2.0-or-later
// usage: node check.mjs MODULES CHROMIUM WHAT PAGE [JSON]      one page in headless Chromium, as TAP lines: WHAT names it
// JSON is what "pinbench compare --format=json" or "pinbench history --format=json" says of the same files. ROWS_ONLY=1: the table alone, of a large page. BOTH_COLOURS=1: light and dark
// at both widths, not one of them at each.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [modules, executablePath, what, file, json] = process.argv.slice(2);
const require = createRequire(modules + "/package.json");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const url = pathToFileURL(file).href;
let bad = 0;

const check = (name, found) => {
	const problems = [].concat(found ?? []).filter(one => one !== true && one !== "");
	console.log(`${problems.length ? "not ok" : "ok"} - ${what}: ${name}`);
	problems.slice(0, 8).forEach(one => console.log("# " + String(one).replace(/\n/g, "\n# ")));
	bad += problems.length > 0;
};
const same = (name, got, wanted) => got === wanted ? "" : `${name}: ${got} instead of ${wanted}`;

// ours is the only file that is opened: the sandbox cannot be had as root
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const noise = [];
const open = async options => {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
	const page = await context.newPage();
	page.on("console", message => noise.push(`console ${message.type()}: ${message.text()}`));
	page.on("pageerror", error => noise.push("error: " + error));
	page.on("dialog", dialog => { noise.push("dialog: " + dialog.message()); dialog.dismiss(); });
	page.on("request", request => request.url() === url || noise.push("request: " + request.url()));
	await page.goto(url);
	return page;
};

const read = page => page.evaluate(() => [...document.querySelectorAll("#table tr.row")].map(row => ({
	key: row.dataset.key, metric: row.dataset.metric, kind: row.dataset.kind, redundant: row.classList.contains("redundant"),
	visible: row.getClientRects().length > 0, text: row.textContent,
	cells: [...row.querySelectorAll(":scope > td")].map(cell => ({ ...cell.dataset, text: cell.textContent,
		...(cell.querySelector(".under") ? { under: { ...cell.querySelector(".under").dataset } } : {}) })),
})));

// --- the rows, against compare's JSON ---
const number = text => text === undefined ? undefined : Number(text);
const said = json ? JSON.parse(readFileSync(json, "utf8")) : {}, comparisons = said.comparisons ?? [];
const page = await open();
const rows = await read(page);
const name = row => [row.key, row.metric, row.kind].join(" ");
if (comparisons.length === 1) {
	const wanted = comparisons[0].rows, problems = [same("rows", rows.length, wanted.length)];
	wanted.forEach((its, i) => {
		const row = rows[i];
		if (!row || name(row) !== name(its))
			return problems.push(`row ${i}: ${row && name(row)} instead of ${name(its)}`);
		const [, , base, fresh, change, interval, , verdict] = row.cells;
		problems.push(same(name(its) + " base", number(base.v), its.value?.base), same(name(its) + " new", number(fresh.v), its.value?.new),
			same(name(its) + " least", number(base.least), its.least?.base), same(name(its) + " spread", number(base.spread), its.spread?.base),
			same(name(its) + " change", number(change.change), its.change), same(name(its) + " low", number(interval.low), its.change_low),
			same(name(its) + " high", number(interval.high), its.change_high), same(name(its) + " verdict", verdict.verdict, its.verdict),
			same(name(its) + " verdict in words", verdict.text, its.verdict), same(name(its) + " redundant", row.redundant, its.redundant));
	});
	check(`${wanted.length} rows are those of compare --format=json: values, changes, intervals, verdicts`, problems);
} else if (comparisons.length) {
	const problems = [];
	let nr = 0;
	comparisons.forEach((comparison, i) => comparison.rows.forEach(its => {
		const row = rows.find(one => name(one) === name(its)), cell = row?.cells[3 + i];
		nr++;
		problems.push(cell ? same(name(its), number(cell.v), its.value?.new) || same(name(its), cell.under?.verdict, its.verdict) ||
			same(name(its), number(cell.under?.change), its.change) || same(name(its), number(row.cells[2].v), its.value?.base) : "no row " + name(its));
	}));
	const all = new Set(comparisons.flatMap(comparison => comparison.rows.map(name)));
	problems.push(same("rows", rows.length, all.size));
	check(`${nr} cells of the matrix are the rows of compare --format=json`, problems);
}
if (said.series) {
	const problems = [same("rows", rows.length, said.series.length)];
	said.series.forEach((its, i) => {
		const [, , nr, first, , last, changes] = rows[i]?.cells ?? [];
		const who = `${its.case} ${its.metric}`;
		problems.push(same(`row ${i}`, rows[i] && `${rows[i].key} ${rows[i].metric}`, who), same(who + " results", number(nr?.v), its.points.length),
			same(who + " first", number(first?.v), its.points[0].value), same(who + " last", number(last?.v), its.points.at(-1).value),
			same(who + " changes", number(changes?.v), its.changes.length));
	});
	for (const [id, direction] of [["worse", "worse"], ["better", "better"], ["changed", "changed"]])
		problems.push(same(id, await page.evaluate(it => document.querySelectorAll(`#${it} tbody td.m`).length, id),
			said.events.filter(event => event.direction === direction).reduce((nr, event) => nr + event.moves.length, 0)));
	check(`${said.series.length} rows and ${said.events.length} events are those of history --format=json`, problems);
}
const worse = comparisons.flatMap(one => one.rows).filter(row => ["worse", "more", "mixed"].includes(row.verdict) && !row.redundant);
const counted = await page.evaluate(() => document.querySelectorAll("#worse tbody td.m").length);
if (comparisons.length)
	check("what got worse is named, all of it", same("rows", counted, worse.length));
check("what got worse is in no fold, and begins on the first screen", await page.evaluate(() => {
	const section = document.getElementById("worse");
	if (!section)
		return "";
	return [section.closest("details") ? "in a fold" : "", section.querySelector("table").getBoundingClientRect().top > innerHeight ? "below the first screen" : ""];
}));

// --- the order of the parts ---
check("the parts stand in their order", await page.evaluate(() => {
	const order = ["worse", "differences", "plots", "rows", "undone", "environment", "reproduce"];
	const found = [...document.querySelectorAll("main section[id]")].map(section => section.id);
	const wanted = order.filter(id => found.includes(id));
	return [found.join() === wanted.join() ? "" : found.join(), document.querySelector("header h1").textContent.length > 10 ? "" : "no sentence"];
}));

// --- filter and sort ---
const control = label => page.locator("#controls label", { hasText: new RegExp("^" + label) }).locator("input, select");
const visible = async () => (await read(page)).filter(row => row.visible);
const plain = rows.filter(row => !row.redundant);
if (plain.length) {
	const problems = [];
	const word = plain[plain.length - 1].cells[1].text;
	await control("Filter by words").fill(word);
	let got = await visible();
	const wanted = plain.filter(row => (row.text + " " + row.key).toLowerCase().includes(word.toLowerCase()));
	problems.push(same(`"${word}"`, got.map(name).join("\n"), wanted.map(name).join("\n")),
		same("the count", await page.locator("#controls output").textContent(), `${wanted.length} of ${plain.length} rows`));
	await control("Filter by words").fill("no row has this");
	problems.push(same("no row", (await visible()).length, 0));
	await control("Filter by words").fill("");
	problems.push(same("all rows", (await visible()).length, plain.length));
	check("the filter shows the rows with the words, and says how many", problems);
}
if (comparisons.length && plain.length) {
	const problems = [];
	for (const verdict of ["worse", "better", "mixed", "more", "fewer", "differs", "unsure", "same"]) {
		await control("Verdict").selectOption(verdict);
		const wanted = new Set(comparisons.flatMap(one => one.rows).filter(row => row.verdict === verdict).map(name));
		const got = await visible();
		problems.push(same(verdict, got.map(name).sort().join("\n"), plain.map(name).filter(one => wanted.has(one)).sort().join("\n")));
	}
	await control("Verdict").selectOption("");
	check("the filter by verdict shows the rows that compare judged so", problems);
}
if (comparisons.length === 1 && plain.length) {
	const problems = [], changes = async () => (await read(page)).map(row => number(row.cells[4].change));
	const ordered = (list, sign) => {
		const known = list.filter(one => one !== undefined), firstUnknown = list.indexOf(undefined);
		return known.every((one, i) => i === 0 || sign * (one - known[i - 1]) >= 0) && (firstUnknown < 0 || firstUnknown >= known.length);
	};
	const head = page.locator("#table thead th", { hasText: "change" });
	await head.getByRole("button").focus();
	await page.keyboard.press("Enter");
	problems.push(ordered(await changes(), 1) ? "" : "up: " + await changes(), same("aria-sort", await head.getAttribute("aria-sort"), "ascending"));
	await page.keyboard.press("Enter");
	problems.push(ordered(await changes(), -1) ? "" : "down: " + await changes(), same("aria-sort", await head.getAttribute("aria-sort"), "descending"));
	problems.push(same("rows", (await read(page)).map(name).sort().join("\n"), rows.map(name).sort().join("\n")));
	problems.push(await page.evaluate(() => [...document.querySelectorAll("#table tr.row")].every(row => row.nextElementSibling.classList.contains("detail") &&
		row.nextElementSibling.textContent.includes(row.dataset.key.trim().slice(0, 20)))) ? "" : "a row lost what is behind it");
	await control("In the order of").selectOption("");
	problems.push(same("the order of the file", (await read(page)).map(name).join("\n"), rows.map(name).join("\n")));
	check("a heading sorts by its numbers, up and down, by the keyboard too", problems);
}

if (!process.env.ROWS_ONLY) {
	// --- the keyboard ---
	if (plain.length) {
		const wanted = await page.evaluate(() => {
			const all = [...document.querySelectorAll("button, input, select, summary, [tabindex='0'], a[href]")]
				.filter(one => one.checkVisibility());
			all.forEach((one, i) => one.dataset.nth = i);
			return all.length;
		});
		await page.evaluate(() => { document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0); });
		const reached = new Set();
		let hidden = 0;
		for (let i = 0; i < wanted + 20 && reached.size < wanted; i++) {
			await page.keyboard.press("Tab");
			const nth = await page.evaluate(() => document.activeElement.dataset.nth);
			if (nth !== undefined)
				reached.add(nth);
			hidden += await page.evaluate(() => document.activeElement !== document.body &&
				getComputedStyle(document.activeElement).outlineStyle === "none" && document.activeElement.dataset.nth !== undefined);
		}
		const missed = await page.evaluate(had => [...document.querySelectorAll("[data-nth]")].filter(one => !had.includes(one.dataset.nth))
			.map(one => "not reached: " + one.outerHTML.slice(0, 120)), [...reached]);
		check(`the keyboard reaches all ${wanted}, and shows where it is`, [...missed, same("without a mark", hidden, 0)]);
		const summary = page.locator("#table tr.row:not(.redundant) summary").first();
		await summary.focus();
		await page.keyboard.press("Enter");
		const detail = page.locator("#table tr.row:not(.redundant) + tr.detail").first();
		check("a row opens by the keyboard", await detail.isVisible() ? "" : "what is behind it is hidden");
	}
		check("pictures have names that a screen reader says", await page.evaluate(() =>
		[...document.querySelectorAll("svg")].map(svg => svg.getAttribute("role") === "img" && svg.getAttribute("aria-label")?.length > 8 ? "" : "a picture without a name")));
	check("no id is there twice", await page.evaluate(() => {
		const ids = [...document.querySelectorAll("[id]")].map(one => one.id);
		return ids.filter((id, i) => ids.indexOf(id) !== i);
	}));
	check("what scripts, pictures and links name is in the page", await page.evaluate(() =>
		[...document.querySelectorAll("[src], [href], link, iframe, object, embed, [*|href]")].map(one => one.getAttribute("src") ?? one.getAttribute("href") ?? one.getAttribute("xlink:href") ?? one.tagName)
			.filter(target => !target.startsWith("#"))));
	check("one script and one style", await page.evaluate(() => [document.scripts.length === 1 ? "" : document.scripts.length + " scripts", document.styleSheets.length === 1 ? "" : "styles"]));

	// --- every size and colour ---
	for (const width of [1280, 360]) {
		for (const colorScheme of process.env.BOTH_COLOURS ? ["light", "dark"] : width === 360 ? ["dark"] : ["light"]) {
			const it = await open({ viewport: { width, height: 800 }, colorScheme });
			await it.evaluate(() => document.querySelectorAll("details").forEach((one, i) => one.open = i < 6 || !one.closest("#table")));
			const sideways = await it.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
			check(`${width} px, ${colorScheme}: nothing sideways`, sideways > 0 ? `${sideways} px too wide` : "");
			await it.evaluate(axe);
			const found = await it.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
				.map(one => `${one.id}: ${one.help} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 160)} ${one.nodes[0].failureSummary}`));
			check(`${width} px, ${colorScheme}: axe-core finds nothing`, found);
			await it.context().close();
		}
	}

	// --- without scripts, and on paper ---
	{
		const it = await open({ javaScriptEnabled: false });
		const problems = [];
		problems.push(same("rows", await it.locator("#table tr.row:not(.redundant):visible").count(), plain.length));
		if (plain.length) {
			await it.locator("#table tr.row:not(.redundant) summary").first().click();
			problems.push(await it.locator("#table tr.row:not(.redundant) + tr.detail").first().isVisible() ? "" : "no row opens");
		}
		problems.push(same("controls that do nothing", await it.locator("#controls > *").count(), 0));
		if (rows.length > plain.length) {
			await it.locator("#all").check();
			problems.push(same("all rows", await it.locator("#table tr.row:visible").count(), rows.length));
		}
		check("without scripts all rows are there, and open", problems);
		await it.context().close();
	}
	{
		const it = await open({ viewport: { width: 794, height: 1123 } });
		await it.emulateMedia({ media: "print" });
		const problems = [same("controls", await it.locator("#controls:visible").count(), 0), same("rows", await it.locator("#table tr.row:visible").count(), plain.length)];
		problems.push(await it.evaluate(() => [...document.querySelectorAll("#environment td")].every(cell => cell.checkVisibility({ contentVisibilityAuto: true })) ? "" : "the environment is folded"));
		problems.push((await it.pdf({ format: "A4" })).length > 10000 ? "" : "no pages");
		check("on paper: every row, no controls", problems);
		await it.context().close();
	}
}
await page.context().close();
check("no error, no warning, and not one request", noise);

// --- a script that came from elsewhere would not run ---
{
	noise.length = 0;
	const it = await open();
	const ran = await it.evaluate(() => {
		const script = document.createElement("script");
		script.textContent = "window.ran = true";
		document.body.append(script);
		return window.ran === true;
	});
	check("no other script runs, were there one", ran ? "it ran" : "");
}
await browser.close();
process.exit(bad ? 1 : 0);
