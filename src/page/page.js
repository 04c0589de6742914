// SPDX-License-Identifier: GPL-2.0-or-later
// Sorting and filtering of the table. Without it the page is whole, in the order of the file.
"use strict";
(() => {
	const table = document.getElementById("table"), controls = document.getElementById("controls");
	if (!table || !controls)
		return;
	const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
	const rows = [...body.querySelectorAll("tr.row")].map((row, place) => ({ row, detail: row.nextElementSibling, place,
		text: [...row.cells].map(cell => cell.textContent).concat(row.dataset.key).join(" ").toLowerCase() }));
	const make = (tag, properties, ...inside) => {
		const element = Object.assign(document.createElement(tag), properties);
		element.append(...inside);
		return element;
	};
	const labelled = (text, element) => make("label", {}, text, element);
	const number = (cell, name) => cell && cell.dataset[name] !== undefined ? Number(cell.dataset[name]) : NaN;

	// What a row is sorted by: the number that the file has, where the column has numbers.
	const worst = ["worse", "mixed", "more", "differs", "unsure", "better", "fewer", "same"];
	const keys = {
		case: (row, i) => row.cells[i].textContent.trim(),
		metric: (row, i) => row.cells[i].textContent.trim(),
		value: (row, i) => isNaN(number(row.cells[i], "v")) ? number(row.cells[i], "least") : number(row.cells[i], "v"),
		change: (row, i) => number(row.cells[i], "change"),
		low: (row, i) => number(row.cells[i], "low"),
		runs: (row, i) => parseInt(row.cells[i].textContent, 10),
		verdict: (row, i) => worst.indexOf(row.cells[i].dataset.verdict),
	};
	const compare = (a, b) => {
		if (typeof a === "string")
			return a.localeCompare(b, "en", { numeric: true });
		// what is not known comes last, up or down
		return isNaN(a) || isNaN(b) ? (isNaN(a) - isNaN(b)) * Infinity || 0 : a - b;
	};
	const sort = (i, down) => {
		heads.forEach((head, j) => head.dataset.sort && head.setAttribute("aria-sort", j !== i ? "none" : down ? "descending" : "ascending"));
		const sorted = [...rows];
		if (i >= 0) {
			const key = keys[heads[i].dataset.sort];
			sorted.forEach(item => item.key = key(item.row, i));
			sorted.sort((a, b) => {
				const order = compare(a.key, b.key);
				return (Math.abs(order) === Infinity || !down ? order : -order) || a.place - b.place;
			});
		}
		body.append(...sorted.flatMap(item => [item.row, item.detail]));
		choice.value = i < 0 ? "" : i + (down ? "d" : "a");
	};

	const words = make("input", { type: "search", autocomplete: "off" });
	const verdict = make("select", {});
	const choice = make("select", {});
	const count = make("output", {});
	count.setAttribute("role", "status");
	const shown = row => document.getElementById("all")?.checked || !row.classList.contains("redundant");
	const filter = () => {
		const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
		let nr = 0, all = 0;
		for (const item of rows) {
			const fits = wanted.every(word => item.text.includes(word)) &&
				(!verdict.value || item.row.dataset.verdicts.split(" ").includes(verdict.value));
			item.row.classList.toggle("out", !fits);
			all += shown(item.row);
			nr += fits && shown(item.row);
		}
		count.value = `${nr} of ${all} rows`;
	};

	choice.append(make("option", { value: "" }, "the file"));
	heads.forEach((head, i) => {
		if (!head.dataset.sort)
			return;
		const name = head.textContent;
		choice.append(make("option", { value: i + "a" }, `${name}, up`), make("option", { value: i + "d" }, `${name}, down`));
		const button = make("button", { type: "button" }, name);
		button.addEventListener("click", () => sort(i, head.getAttribute("aria-sort") === "ascending"));
		head.replaceChildren(button);
		head.setAttribute("aria-sort", "none");
	});
	controls.append(labelled("Filter by words", words));
	if (rows.some(item => item.row.dataset.verdicts)) {
		verdict.append(make("option", { value: "" }, "any verdict"),
			...["worse", "better", "mixed", "more", "fewer", "differs", "unsure", "same"].map(name => make("option", { value: name }, name)));
		controls.append(labelled("Verdict", verdict));
	}
	controls.append(labelled("In the order of", choice), count);
	words.addEventListener("input", filter);
	verdict.addEventListener("change", filter);
	choice.addEventListener("change", () => sort(choice.value ? parseInt(choice.value, 10) : -1, choice.value.endsWith("d")));
	document.getElementById("all")?.addEventListener("change", filter);
	filter();
})();
