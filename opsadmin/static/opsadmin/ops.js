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

    for (const button of document.querySelectorAll(".ops-copy")) {
        const label = button.textContent;
        button.hidden = false;
        button.setAttribute("aria-live", "polite");
        button.addEventListener("click", async () => {
            await copy(button.parentElement.querySelector("code").textContent);
            button.textContent = button.dataset.done;
            setTimeout(() => { button.textContent = label; }, 2000);
        });
    }

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
}
