// What a query finds. No page is needed: the tests ask it too.
//
// MiniSearch (book/static/minisearch) weighs the entries; here is how a query is cut
// into terms, which follows words.py, and what counts for more.
var bookSearch = (() => {
  const GREEK = Object.fromEntries(
    ("α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta θ theta ι iota κ kappa " +
     "λ lambda μ mu ν nu ξ xi ο omicron π pi ρ rho σ sigma ς sigma τ tau υ upsilon " +
     "φ phi χ chi ψ psi ω omega")
      .split(" ")
      .map((letter, place, all) => [letter, all[place + 1]])
      .filter((pair, place) => place % 2 === 0)
  );
  const SPELLING = [["ae", "e"], ["oe", "e"], ["our", "or"], ["iz", "is"], ["yz", "ys"],
    ["logy", "log"], ["ibly", "ible"]];
  const stemmer = new Stemmer();
  // Kinds of entries, as in index.py.
  const PLACE = 0, FORMULA = 3;
  // Pages that are shown, places of one page, and pages that are enough to leave out
  // those that have only some of the words.
  const SHOWN = 12, OF_ONE = 3, ENOUGH = 3;
  const BOOST = { title: 2, about: 4, text: 1 };
  // How much the next place of a page counts of what the one before counted.
  const SHARE = 0.5;
  // A place that links to the glossary's entry is where the term is explained.
  // A place where the words of its name stand one after the other is about it, too.
  const USE = 4, SAID = 2.5;

  // -- words

  const folded = (text) =>
    text
      .normalize("NFKD")
      .toLowerCase()
      .replace(/\p{M}/gu, "")
      .replace(/[‐‑‒–—−]/g, "-")
      .replace(/['’]/g, "")
      .replace(/[α-ω]/g, (letter) => `-${GREEK[letter]}-`);

  const term = (word) => {
    if (word.length < 3 || /[0-9]/.test(word)) return word;
    for (const [there, here] of SPELLING) word = word.replaceAll(there, here);
    return stemmer.stemWord(word);
  };

  const parts = (text) => folded(text).match(/[a-z0-9]+/g) || [];

  // -- the index

  const unpacked = (packed) => {
    const most = packed.most;
    const places = (steps) => {
      let place = -1;
      return Object.fromEntries(
        steps.map((step) => {
          place += Math.floor(step / most) + 1;
          return [place, (step % most) + 1];
        })
      );
    };
    const numbers = packed.entries.map((_, place) => place);
    const length = (field) =>
      packed.lengths.reduce((sum, one) => sum + one[field], 0) / numbers.length;
    return {
      documentCount: numbers.length,
      nextId: numbers.length,
      documentIds: Object.fromEntries(numbers.map((place) => [place, place])),
      fieldIds: { title: 0, about: 1, text: 2 },
      fieldLength: Object.fromEntries(packed.lengths.map((one, place) => [place, one])),
      averageFieldLength: [length(0), length(1), length(2)],
      storedFields: {},
      dirtCount: 0,
      index: packed.terms
        .split(" ")
        .map((one, number) => [
          one,
          Object.fromEntries(
            packed.posts[number]
              .map((steps, field) => [field, places(steps)])
              .filter(([, held]) => Object.keys(held).length)
          ),
        ]),
      serializationVersion: 2,
    };
  };

  let ready;
  const prepare = () => {
    if (ready) return ready;
    const index = globalThis.BOOK_SEARCH_INDEX;
    const mini = MiniSearch.loadJS(unpacked(index), {
      fields: ["title", "about", "text"],
      tokenize: (text) => text.split(" "),
      processTerm: (one) => one,
    });
    ready = { index, mini, known: new Set(index.terms.split(" ")), silent: new Set(index.silent) };
    return ready;
  };

  // -- a query

  // The terms of a query: what stands apart is joined, and what is joined taken apart,
  // as the book has it. "DAS 28" is das28, "antitnf" is anti and tnf.
  const termsOf = (query) => {
    const { known, silent } = prepare();
    const all = parts(query);
    const words = all.filter((word) => !silent.has(word));
    const found = [];
    const isNumber = (word) => /^[0-9]+$/.test(word);
    for (let at = 0; at < words.length; at++) {
      const word = words[at], next = words[at + 1];
      const joined = next === undefined ? "" : term(word + next);
      const short = next !== undefined &&
        (isNumber(next) || isNumber(word) || word.length === 1 || next.length === 1);
      if (short && known.has(joined)) {
        found.push(joined);
        at++;
      } else if (word.length > 1 && known.has(term(word))) {
        found.push(term(word));
      } else if (joined && known.has(joined)) {
        found.push(joined);
        at++;
      } else if (!isNumber(word) && word.length > 1) {
        found.push(...(takenApart(word, known) || [term(word)]));
      }
    }
    return [...new Set(found)];
  };

  const takenApart = (word, known) => {
    for (let cut = word.length - 3; cut >= 3; cut--) {
      const two = [term(word.slice(0, cut)), term(word.slice(cut))];
      if (two.every((one) => known.has(one))) return two;
    }
    return null;
  };

  // One typing error in a short word, two in a long one; two neighbours that changed
  // places are one error.
  const mended = (word) => {
    const { known } = prepare();
    for (let at = 0; at + 1 < word.length; at++) {
      const swapped = word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
      if (known.has(term(swapped))) return term(swapped);
    }
    return null;
  };

  const weighed = (terms, combineWith, query, named) => {
    const { index, mini, known } = prepare();
    const last = terms[terms.length - 1];
    const typing = !/[\s]$/.test(query);
    return mini.search(terms.join(" "), {
      combineWith,
      boost: BOOST,
      prefix: (one) => one.length > 2 && ((typing && one === last) || !known.has(one)),
      fuzzy: (one) =>
        known.has(one) || one.length < 4 ? false : one.length < 8 ? 1 : 2,
      maxFuzzy: 2,
      weights: { fuzzy: 0.5, prefix: 0.3 },
      bm25: { k: 1.2, b: 0.7, d: 0.5 },
      boostDocument: (id) =>
        index.entries[id][5] *
        (named?.uses.includes(id) ? USE : named?.said.includes(id) ? SAID : 1),
    });
  };

  const entry = (hit) => {
    const { index } = prepare();
    const [page, anchor, title, text, kind, , names, uses, said] = index.entries[hit.id];
    const [address, chapter, name] = index.pages[page];
    return {
      address: anchor ? `${address}#${anchor}` : address,
      page: address,
      title,
      text,
      kind,
      names: names || [],
      uses: uses || [],
      said: said || [],
      path: [chapter, name].filter(Boolean),
      terms: hit.terms,
      score: hit.score,
    };
  };

  // The term or agent that a query names, whole: "IL-6 receptor" is not IL-6.
  const isNamed = (one, asked) => {
    const { known } = prepare();
    const held = asked.every((each) => known.has(each)) ? asked : one.terms;
    return [one.title, ...one.names].some((name) => {
      const terms = termsOf(name);
      return terms.length === asked.length && terms.every((each) => held.includes(each));
    });
  };

  // Places by page. A page of which many places match comes before one that mentions
  // the words once; of its places the best are shown.
  const byPage = (places) => {
    const pages = new Map();
    for (const one of places) {
      if (!pages.has(one.page)) {
        pages.set(one.page, { page: one.page, path: one.path, places: [], score: 0 });
      }
      const page = pages.get(one.page);
      page.score += one.score * SHARE ** page.places.length;
      page.places.push(one);
    }
    const sorted = [...pages.values()].sort((one, two) => two.score - one.score);
    for (const page of sorted) page.places.length = Math.min(page.places.length, OF_ONE);
    return sorted;
  };

  // What a query finds: the term or agent that it names, and pages, the best first.
  const find = (query) => {
    const { known } = prepare();
    const terms = termsOf(query).map((one) => (known.has(one) ? one : mended(one) || one));
    if (!terms.length) return { named: null, pages: [] };
    const split = (hits) => {
      const all = hits.map(entry);
      const is = (one) => one.kind === PLACE || one.kind === FORMULA;
      return [all.filter((one) => !is(one)), all.filter(is)];
    };
    const [names] = split(weighed(terms, "AND", query));
    const named = names.find((one) => isNamed(one, terms)) || null;
    const places = split(weighed(terms, "AND", query, named))[1];
    let pages = byPage(places);
    if (terms.length > 1 && pages.length < ENOUGH) {
      const there = new Set(pages.map((one) => one.page));
      const more = byPage(split(weighed(terms, "OR", query))[1]);
      pages = [...pages, ...more.filter((one) => !there.has(one.page))];
    }
    return { named, pages: pages.slice(0, SHOWN) };
  };

  // Whether a piece of text holds one of the terms that an entry was found by.
  const has = (piece, terms) => {
    const words = parts(piece);
    const joined = words.slice(1).map((word, at) => words[at] + word);
    return [...words, ...joined].some((word) => terms.includes(term(word)));
  };

  return { find, has, termsOf, term, parts };
})();
if (typeof module !== "undefined") module.exports = bookSearch;
