#include "check_json.h"

json_t *json_of_words(const struct strvec *words)
{
    json_t *array = json_array();
    for (size_t i = 0; i < words->n; i++)
        json_array_append_new(array, json_string(words->items[i]));
    return array;
}

json_t *check_json(const struct elfcheck *check)
{
    json_t *array = json_array();
    for (size_t i = 0; i < check->n_findings; i++) {
        const struct finding *f = &check->findings[i];
        struct text text = {0};
        finding_text(f, &text);
        json_array_append_new(
            array, json_pack("{s:s?, s:i, s:s?, s:s, s:s, s:o, s:s, s:s}", "file", f->file, "line",
                             (int)f->line, "function", f->function, "object", f->object, "callee",
                             f->callee, "calls", json_of_words(&f->calls), "severity",
                             f->kind == CALL_FAILS ? "warning" : "note", "text", text_str(&text)));
        text_fini(&text);
    }
    return array;
}
