/* What makes a page handier. Every page works without it. */
"use strict";
{
    const copy = async (text) => {
        // Over plain HTTP browsers offer no clipboard, but still copy what is selected.
        if (navigator.clipboard) {
            await navigator.clipboard.writeText(text);
            return;
        }
        const field = document.createElement("textarea");
        field.value = text;
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
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
    document.querySelector(".ops-tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

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

    // A look that goes on: ask for its end, unless somebody is reading further down or writing already.
    const waiting = document.querySelector("[data-reload]");
    if (waiting) {
        setTimeout(() => {
            if (scrollY === 0 && !document.querySelector("main details[open], main form :focus")) {
                location.replace(waiting.dataset.reload);
            }
        }, Number(waiting.dataset.after));
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
            return selected && !selected.isCollapsed && live.contains(selected.anchorNode);
        };
        const take = (fresh) => {
            const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
            const open = [...live.querySelectorAll("details[open][id]")].map((one) => one.id);
            if (told.textContent !== fresh.dataset.said) {
                told.textContent = fresh.dataset.said;
            }
            live.replaceChildren(...fresh.childNodes);
            for (const id of open) {
                document.getElementById(id)?.setAttribute("open", "");
            }
            if (focused) {
                document.getElementById(focused)?.focus({ preventScroll: true });
            }
            offerCopies(live);
        };
        const refresh = async () => {
            try {
                const answer = await fetch(live.dataset.live, { credentials: "same-origin" });
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                const fresh = page.getElementById(live.id);
                if (!fresh || answer.redirected) {
                    location.reload();
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
