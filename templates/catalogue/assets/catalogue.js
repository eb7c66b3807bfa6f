/* Search, filters and comparison. An enhancement: every page is whole without it. No request, no storage, no library. */
(() => {
  "use strict";
  document.documentElement.classList.add("js");
  const $ = (selector, within = document) => within.querySelector(selector);
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  };
  const bdi = (text, foreign) => make("bdi", foreign ? { class: "foreign", lang: "en", dir: "ltr" } : {}, text);
  const say = (key, value) => ACE.say[key].replace("{n}", value);
  const number = (value) => new Intl.NumberFormat(ACE.lang === "ar" ? "ar-u-nu-latn" : ACE.lang).format(value);

  /* Words are compared without case, accents, vowel signs and the variants of Arabic letters. */
  const fold = (text) =>
    text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f\u0640\u064b-\u065f\u0670]/g, "")
      .replace(/[أإآٱ]/g, "ا").replace(/ى/g, "ي").replace(/ة/g, "ه").replace(/[’']/g, " ");

  const parameters = new URLSearchParams(location.search);
  const remember = (pairs) => {
    const query = new URLSearchParams(pairs).toString();
    try { history.replaceState(null, "", query ? `?${query}` : location.pathname); } catch { /* file: in some browsers */ }
  };

  function finder(root) {
    const home = root.dataset.home;
    const facetsForm = $("[data-facets]", root), chosen = $("[data-chosen]", root), live = $("[data-live]", root);
    const fixed = $("[data-static]", root), count = $("[data-count]", root), sort = $("[data-sort]", root);
    const input = $("#q", root), details = $("[data-filters]", root);
    const state = new Map(ACE.facets.map((facet) => [facet.key, new Set(parameters.getAll(facet.key))]));
    const compared = new Set(parameters.getAll("compare").slice(0, 4));
    const services = ACE.services.map((service) => ({ ...service, folded: fold(service.find), head: fold(service.title) }));
    let query = parameters.get("q") || "";
    let shown = 48;
    input.value = query;
    if (parameters.get("sort")) sort.value = parameters.get("sort");
    if (!sort.value) sort.value = "fit";

    const wide = matchMedia("(min-width: 62rem)");
    const fit = () => { details.open = wide.matches || details.open; };
    fit();
    wide.addEventListener("change", fit);

    const passes = (service, except) =>
      ACE.facets.every(({ key }) => {
        const wanted = state.get(key);
        return key === except || !wanted.size || service.in[key].some((value) => wanted.has(value));
      });
    const matching = () => {
      const words = fold(query).split(/\s+/).filter(Boolean);
      return services.filter((service) => words.every((word) => service.folded.includes(word)));
    };
    const score = (service) => {
      const words = fold(query).split(/\s+/).filter(Boolean);
      return words.reduce((sum, word) => sum + (service.head.startsWith(word) ? 4 : service.head.includes(word) ? 2 : 0), 0);
    };
    const collator = new Intl.Collator(ACE.lang);
    const orders = {
      fit: (a, b) => score(b) - score(a) || (b.in.status[0] === "verified") - (a.in.status[0] === "verified") || collator.compare(a.title, b.title),
      title: (a, b) => collator.compare(a.title, b.title),
      country: (a, b) => collator.compare(a.who[0], b.who[0]) || collator.compare(a.title, b.title),
      sla: (a, b) => b.sla - a.sla || collator.compare(a.title, b.title),
    };

    /* Facets are made once; afterwards only their numbers change, so that the keyboard's focus stays where it is. */
    const counters = [];
    for (const facet of ACE.facets) {
      const options = make("div", { class: "options" });
      for (const [value, name] of facet.options) {
        const box = make("input", { type: "checkbox", name: facet.key, value });
        box.checked = state.get(facet.key).has(value);
        const counter = make("span", { class: "n" });
        const label = make("label", {}, box, bdi(name), counter);
        counters.push({ key: facet.key, value, counter, label });
        options.append(label);
      }
      facetsForm.append(make("fieldset", {}, make("legend", {}, facet.title), options));
    }
    facetsForm.addEventListener("change", (event) => {
      const wanted = state.get(event.target.name);
      wanted[event.target.checked ? "add" : "delete"](event.target.value);
      update();
    });
    const clear = () => {
      query = input.value = "";
      for (const wanted of state.values()) wanted.clear();
      for (const box of facetsForm.querySelectorAll("input")) box.checked = false;
      update();
      input.focus();
    };

    const icons = $("[data-icons]", root).content;
    const icon = (selector) => icons.querySelector(selector).cloneNode(true);
    const card = (service) => {
      const title = make("a", { href: home + service.href }, bdi(service.title, service.foreign));
      const status = service.in.status[0];
      const who = make("p", { class: "who" }, make("a", { href: home + service.who[1] }, bdi(service.who[0])), " · ", bdi(service.who[2]));
      const over = make("p", { class: "over" }, icon(`[data-icon="${CSS.escape(service.sector[0])}"] > svg`), make("span", {}, bdi(service.sector[1])));
      const tags = make("p", { class: "tags" }, icon(`.badge.${status}`));
      for (const name of service.classes) tags.append(" ", make("span", { class: "chip" }, name));
      for (const name of service.labels) tags.append(" ", make("span", { class: "badge label" }, bdi(name)));
      const box = make("input", { type: "checkbox", value: service.id, "data-pick": true, "aria-label": say("compareThis", service.title) });
      box.checked = compared.has(service.id);
      return make("article", { class: `card s${service.hue}` },
        over, make("h3", {}, title), make("p", { class: "what" }, bdi(service.what, service.foreign)), who, tags,
        make("p", { class: "promise" }, make("span", {}, `${say("availability", "")} `, make("strong", {}, service.cells[7]))),
        make("p", { class: "pick" }, make("label", {}, box, say("compare", ""))));
    };

    const active = () => [...state].flatMap(([key, wanted]) => [...wanted].map((value) => [key, value]));
    const nameOf = (key, value) => {
      const option = ACE.facets.find((facet) => facet.key === key).options.find(([known]) => known === value);
      return option ? option[1] : value;
    };

    function update() {
      const texts = matching();
      const found = texts.filter((service) => passes(service)).sort(orders[sort.value]);
      const filters = active();
      for (const { key, value, counter, label } of counters) {
        const n = texts.filter((service) => passes(service, key) && service.in[key].includes(value)).length;
        counter.textContent = number(n);
        label.classList.toggle("none", !n);
      }
      count.textContent = say("found", number(found.length));
      $("[data-active]", root).textContent = filters.length ? `(${number(filters.length)})` : "";
      chosen.replaceChildren(...filters.map(([key, value]) => {
        const name = nameOf(key, value);
        const button = make("button", { type: "button", "aria-label": say("remove", name) }, bdi(name));
        button.addEventListener("click", () => {
          state.get(key).delete(value);
          for (const box of facetsForm.querySelectorAll("input")) if (box.name === key && box.value === value) box.checked = false;
          update();
          (chosen.querySelector("button") || input).focus();
        });
        return make("li", {}, button);
      }));
      const cards = make("div", { class: "cards" }, ...found.slice(0, shown).map(card));
      live.replaceChildren(cards);
      if (!found.length) {
        live.replaceChildren($("[data-none]", root).content.cloneNode(true));
        $("[data-clear]", live).addEventListener("click", clear);
      } else if (found.length > shown) {
        const more = make("button", { type: "button", class: "quiet" }, say("more", ""));
        more.addEventListener("click", () => {
          const next = shown;
          shown += 48;
          update();
          live.querySelectorAll(".card h3 a")[next]?.focus();
        });
        live.append(make("p", { class: "again" }, more));
      }
      fixed.hidden = true;
      live.hidden = false;
      tray();
      remember([...(query ? [["q", query]] : []), ...filters, ...(sort.value === "fit" ? [] : [["sort", sort.value]]), ...[...compared].map((id) => ["compare", id])]);
    }

    function tray() {
      const bar = $("[data-tray]", root);
      bar.hidden = !compared.size;
      $("[data-tray-text]", bar).textContent = say("chosen", number(compared.size));
      $("[data-tray-link]", bar).href = `${home}compare.html?${new URLSearchParams([...compared].map((id) => ["ids", id]))}`;
      for (const box of live.querySelectorAll("[data-pick]")) {
        box.checked = compared.has(box.value);
        box.disabled = compared.size >= 4 && !box.checked;
      }
    }
    live.addEventListener("change", (event) => {
      if (!event.target.matches("[data-pick]")) return;
      compared[event.target.checked ? "add" : "delete"](event.target.value);
      tray();
      remember([...(query ? [["q", query]] : []), ...active(), ...[...compared].map((id) => ["compare", id])]);
    });
    $("[data-tray-clear]", root).addEventListener("click", () => { compared.clear(); tray(); input.focus(); });
    $("form.search", root).addEventListener("submit", (event) => { event.preventDefault(); query = input.value.trim(); shown = 48; update(); });
    let timer;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { query = input.value.trim(); shown = 48; update(); }, 120);
    });
    sort.addEventListener("change", update);
    update();
  }

  function comparison(root) {
    const home = root.dataset.home, table = $("[data-table]", root), add = $("[data-add]", root), count = $("[data-count]", root);
    const known = new Map(ACE.services.map((service) => [service.id, service]));
    let ids = [...new Set(parameters.getAll("ids"))].filter((id) => known.has(id)).slice(0, 4);

    function update() {
      const columns = ids.map((id) => known.get(id));
      add.replaceChildren(add.options[0], ...ACE.services.filter((service) => !ids.includes(service.id))
        .map((service) => make("option", { value: service.id }, `${service.title} – ${service.who[0]}`)));
      add.value = "";
      add.disabled = ids.length >= 4;
      count.textContent = say("chosen", number(ids.length));
      remember(ids.map((id) => ["ids", id]));
      if (!columns.length) {
        table.replaceChildren($("[data-none]", root).content.cloneNode(true));
        return;
      }
      const head = make("tr", {}, make("th", { scope: "col" }, say("service", "")));
      for (const service of columns) {
        const out = make("button", { type: "button", class: "quiet", "aria-label": say("take", service.title) }, "×");
        out.addEventListener("click", () => { ids = ids.filter((id) => id !== service.id); update(); add.focus(); });
        head.append(make("th", { scope: "col" }, make("a", { href: home + service.href }, bdi(service.title, service.foreign)), out));
      }
      const body = ACE.rows.map((name, index) => {
        const cells = columns.map((service) => service.cells[index]);
        return make("tr", { class: new Set(cells).size > 1 ? "differs" : false }, make("th", { scope: "row" }, name),
          ...cells.map((text) => make("td", {}, bdi(text))));
      });
      table.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
    }
    add.addEventListener("change", () => {
      if (add.value && ids.length < 4) { ids.push(add.value); update(); add.focus(); }
    });
    update();
  }

  const start = () => {
    if (typeof ACE === "undefined") return;
    const list = $("[data-finder]"), comparing = $("[data-compare]");
    if (list) finder(list);
    if (comparing) comparison(comparing);
  };
  if (document.readyState === "complete") start(); else addEventListener("DOMContentLoaded", start);
})();
