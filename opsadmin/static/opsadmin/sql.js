/* The page SQL: Ctrl+Enter asks, and the page says that PostgreSQL is working. Tab stays the browser's. */
"use strict";
{
    const form = document.getElementById("sql-form");
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
