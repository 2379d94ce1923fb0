#include "consumer/options/config_file.h"

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/span.h"
#include "views/base/utf8.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct draft {
    struct config_file *file;
    const char *path;
    struct buffer texts;
    size_t values[CONFIG_FILE_SETTINGS_MAX]; // where in `texts` each begins, since these may move
    size_t names[CONFIG_FILE_SETTINGS_MAX];
};

static void config_file_close(FILE **file) {
    if (*file != NULL)
        (void)fclose(*file);
}

static void config_file_free_json(json_t **json) {
    json_decref(*json);
}

// What jansson says itself may have a piece of the text in it, and with it a secret.
static const char *config_file_reason(const json_error_t *cause) {
    switch (json_error_code(cause)) {
    case json_error_duplicate_key:
        return "this key is there twice";
    case json_error_numeric_overflow:
        return "this number is larger than any flag takes";
    case json_error_null_character:
        return "no flag takes a text with a NUL (\\u0000)";
    case json_error_invalid_utf8:
        return "this is not UTF-8: save it as that";
    case json_error_out_of_memory:
        return "out of memory";
    default:
        return "this is not valid JSON";
    }
}

static int config_file_load(json_t **ret, const char *path, struct error *error) {
    char piece[4096];
    CLEANUP(buffer_free) struct buffer text = {.limit = CONFIG_FILE_SIZE_MAX};
    CLEANUP(config_file_close) FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, ERROR_USAGE, "--config %s: %s", path, strerror(errno));
    for (size_t size; (size = fread(piece, 1, sizeof piece, file)) > 0;)
        buffer_append(&text, piece, size);
    if (ferror(file) != 0)
        return error_set(error, ERROR_USAGE, "--config %s: %s", path, strerror(errno));
    if (text.failed)
        return error_set(error, ERROR_USAGE, "--config %s: more than %d bytes", path, CONFIG_FILE_SIZE_MAX);
    const struct span all = {text.data != NULL ? text.data : "", text.size};
    if (utf8_is_16(all.data, all.size))
        return error_set(error, ERROR_USAGE, "--config %s: " UTF8_NOT_16, path);
    json_error_t cause;
    size_t mark = utf8_mark(all.data, all.size);
    *ret = json_loadb(all.data + mark, all.size - mark, JSON_REJECT_DUPLICATES, &cause);
    if (*ret == NULL)
        return error_set(error, ERROR_USAGE, "--config %s:%d:%d: %s", path, cause.line, cause.column,
                         config_file_reason(&cause));
    if (!json_is_object(*ret))
        return error_set(error, ERROR_USAGE, "--config %s: it is not a JSON object", path);
    return 0;
}

// False when the value is none that a flag could have.
static bool config_file_write_value(struct buffer *out, const json_t *value) {
    if (json_is_string(value)) {
        buffer_append(out, json_string_value(value), json_string_length(value));
    } else if (json_is_boolean(value)) {
        buffer_text(out, json_is_true(value) ? "yes" : "no");
    } else if (json_is_integer(value)) {
        buffer_integer(out, json_integer_value(value));
    } else if (json_is_real(value)) {
        buffer_format(out, "%.17g", json_real_value(value));
    } else {
        return false;
    }
    return true;
}

static bool config_file_write_array(struct buffer *out, const json_t *array) {
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *text = json_array_get(array, i);
        buffer_text(out, i > 0 ? "," : "");
        if (!json_is_string(text) || !config_file_write_value(out, text))
            return false;
    }
    return json_array_size(array) > 0;
}

static int config_file_add(struct draft *draft, const char *name, const json_t *value, bool property,
                           struct error *error) {
    struct config_file *file = draft->file;
    if (json_is_null(value))
        return 0;
    if (file->count == CONFIG_FILE_SETTINGS_MAX)
        return error_set(error, ERROR_USAGE, "--config %s: more than %d keys", draft->path,
                         CONFIG_FILE_SETTINGS_MAX);
    draft->names[file->count] = draft->texts.size;
    buffer_append(&draft->texts, name, strlen(name) + 1);
    draft->values[file->count] = draft->texts.size;
    if (!(json_is_array(value) && !property ? config_file_write_array(&draft->texts, value)
                                            : config_file_write_value(&draft->texts, value)))
        return error_set(error, ERROR_USAGE, "--config %s: \"%s\" is a text, a number, true or false%s",
                         draft->path, name, property ? "" : ", or an array of texts");
    buffer_char(&draft->texts, '\0');
    file->settings[file->count++].property = property;
    return 0;
}

static int config_file_add_properties(struct draft *draft, json_t *properties, struct error *error) {
    const char *name;
    json_t *value;
    if (!json_is_object(properties))
        return error_set(error, ERROR_USAGE,
                         "--config %s: \"X\" is an object of librdkafka's properties, such as "
                         "{\"security.protocol\": \"SSL\"}",
                         draft->path);
    json_object_foreach(properties, name,
                        value) if (config_file_add(draft, name, value, true, error) != 0) return -1;
    return 0;
}

int config_file_read(struct config_file *ret, const char *path, struct error *error) {
    const char *name;
    json_t *value;
    CLEANUP(config_file_free_json) json_t *object = NULL;
    CLEANUP(free_any) struct draft *draft = calloc(1, sizeof *draft);
    *ret = (struct config_file){0};
    if (draft == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    draft->file = ret;
    draft->path = path;
    int result = config_file_load(&object, path, error);
    json_object_foreach(object, name, value) {
        if (result == 0)
            result = strcmp(name, "X") == 0 ? config_file_add_properties(draft, value, error)
                                            : config_file_add(draft, name, value, false, error);
    }
    if (result == 0 && draft->texts.failed)
        result = error_set(error, ERROR_SYSTEM, "out of memory");
    ret->texts = draft->texts.data;
    for (int i = 0; result == 0 && i < ret->count; i++) {
        ret->settings[i].name = ret->texts + draft->names[i];
        ret->settings[i].value = ret->texts + draft->values[i];
    }
    return result;
}

void config_file_free(struct config_file *file) {
    free(file->texts);
    *file = (struct config_file){0};
}

const char *config_file_library_version(void) {
    return jansson_version_str();
}
