/* What makes a page handier. Every page works without it. */
"use strict";
{
    const copy = async (text) => {
        // Over plain HTTP browsers offer no clipboard, but still copy what is selected.
        if (navigator.clipboard) {
            await navigator.clipboard.writeText(text);
            return;
        }
        const before = document.activeElement;
        const field = document.createElement("textarea");
        field.value = text;
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
        before?.focus();
    };

    const offerCopies = (part) => {
        for (const button of part.querySelectorAll(".ops-copy")) {
            const label = button.textContent;
            button.hidden = false;
            button.setAttribute("aria-live", "polite");
            button.addEventListener("click", async () => {
                await copy(button.parentElement.querySelector("code").textContent);
                button.textContent = button.dataset.done;
                setTimeout(() => { button.textContent = label; }, 2000);
            });
        }
    };
    offerCopies(document);

    // On a narrow screen the tabs are wider than it.
    const tabs = document.querySelector(".ops-tabs");
    tabs?.querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    tabs?.addEventListener("focusin", (event) => event.target.scrollIntoView({ inline: "nearest", block: "nearest" }));

    // What has the focus, told so that it is found again when the page, or a part of it, is read anew.
    const nameOf = (one) => one.id || one.getAttribute("href") || one.getAttribute("aria-label") || one.name || one.textContent.trim();
    const alike = (part, tag, name) => [...part.querySelectorAll(tag)].filter((one) => nameOf(one) === name);
    const rememberFocus = (part) => {
        const one = document.activeElement;
        if (!one || one === document.body || !part.contains(one)) {
            return null;
        }
        const name = nameOf(one);
        return { tag: one.localName, name, place: alike(part, one.localName, name).indexOf(one) };
    };
    const focusAgain = (part, kept) => {
        const found = alike(part, kept.tag, kept.name);
        const one = found[kept.place] || found.pop();
        one?.focus({ preventScroll: true });
        return Boolean(one);
    };

    // What was done, or was typed wrongly, comes first; also where the address names a part of the page.
    if (!document.querySelector("main :focus")) {
        const said = document.getElementById("messages-said");
        (said?.parentElement || document.querySelector("main [aria-invalid=true]"))?.focus({ preventScroll: Boolean(said) });
    }

    // A page that asked for itself anew stays where it was, and so does the focus.
    const leave = (go) => {
        sessionStorage.setItem("ops-focus", JSON.stringify({ at: location.pathname, kept: rememberFocus(document), down: scrollY }));
        go();
    };
    const left = JSON.parse(sessionStorage.getItem("ops-focus") || "null");
    sessionStorage.removeItem("ops-focus");
    if (left && left.at === location.pathname) {
        scrollTo(0, left.down);
        if (left.kept) {
            focusAgain(document, left.kept);
        }
    }

    // A second press of the button must not do it twice.
    for (const form of document.querySelectorAll("form[data-once]")) {
        form.addEventListener("submit", (event) => {
            if (form.dataset.once === "sent") {
                event.preventDefault();
            }
            form.dataset.once = "sent";
        });
    }
    addEventListener("pageshow", () => {
        for (const form of document.querySelectorAll("form[data-once]")) {
            form.dataset.once = "";
        }
    });

    // A look that goes on: ask for its end, unless somebody is reading further down or writing already. A message stays
    // until it can be read.
    const waiting = document.querySelector("[data-reload]");
    if (waiting) {
        setTimeout(() => {
            if (scrollY < 150 && !document.querySelector("main details[open], main form :focus")) {
                leave(() => location.replace(waiting.dataset.reload));
            }
        }, Number(waiting.dataset.after) + (document.querySelector(".messagelist") ? 5000 : 0));
    }

    // A part that shows what goes on: asked for anew every few seconds, unless somebody pauses it or looks elsewhere.
    // What has the focus, is open or is selected stays so.
    const live = document.querySelector("[data-live]");
    const pause = document.querySelector(".ops-pause");
    if (live && pause) {
        const told = document.getElementById("live-said");
        let timer = 0, paused = false;
        const isInUse = () => {
            const selected = getSelection();
            const form = live.contains(document.activeElement) && document.activeElement.form;
            return (selected && !selected.isCollapsed && live.contains(selected.anchorNode))
                || Boolean(form && form.querySelector("input:not([type=hidden]), select, textarea"));
        };
        const take = (fresh) => {
            const focused = rememberFocus(live);
            const scrolled = [...live.querySelectorAll("[tabindex]")].map((one) => [one.scrollLeft, one.scrollTop]);
            const open = [...live.querySelectorAll("details[open][id]")].map((one) => one.id);
            if (told.textContent !== fresh.dataset.said) {
                told.textContent = fresh.dataset.said;
            }
            live.replaceChildren(...fresh.childNodes);
            for (const id of open) {
                document.getElementById(id)?.setAttribute("open", "");
            }
            [...live.querySelectorAll("[tabindex]")].forEach((one, place) => {
                [one.scrollLeft, one.scrollTop] = scrolled[place] || [0, 0];
            });
            // What is gone leaves the focus at the part, not at the top of the page.
            if (focused && !focusAgain(live, focused)) {
                live.tabIndex = -1;
                live.focus({ preventScroll: true });
            }
            offerCopies(live);
        };
        const refresh = async () => {
            try {
                const answer = await fetch(live.dataset.live, { credentials: "same-origin" });
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                const fresh = page.getElementById(live.id);
                if (!fresh || answer.redirected) {
                    leave(() => location.reload());
                } else if (!paused && !isInUse()) {
                    take(fresh);
                }
            } catch {
                told.textContent = live.dataset.lost;
                live.querySelector(".ops-live-read")?.replaceChildren(live.dataset.lost);
            }
            plan();
        };
        const plan = () => {
            clearTimeout(timer);
            if (!paused && !document.hidden) {
                timer = setTimeout(refresh, Number(live.dataset.every) * 1000);
            }
        };
        pause.hidden = false;
        pause.addEventListener("click", () => {
            paused = !paused;
            pause.textContent = paused ? pause.dataset.go : pause.dataset.stop;
            plan();
        });
        document.addEventListener("visibilitychange", plan);
        told.textContent = live.dataset.said;
        plan();
    }

    // The page SQL: Ctrl+Enter asks, and the page says that PostgreSQL is working. Tab stays the browser's.
    const form = document.getElementById("sql-form");
    if (form) {
        const busy = form.querySelector(".sql-busy");
        form.querySelector(".sql-keys").hidden = false;

        form.addEventListener("keydown", (event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
                event.preventDefault();
                form.requestSubmit(form.querySelector("button[name=action]"));
            }
        });

        form.elements.name.addEventListener("keydown", (event) => {
            if (event.key === "Enter" && !event.isComposing) {
                event.preventDefault();
                form.requestSubmit(form.querySelector("button[value=save]"));
            }
        });

        form.addEventListener("submit", () => { busy.textContent = busy.dataset.text; });
        // The way back shows the page as it was left.
        addEventListener("pageshow", () => { busy.textContent = ""; });
    }
}
