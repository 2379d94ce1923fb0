#include "http/exposition.h"

void exposition_family(struct buffer *out, const char *name, const char *type, const char *help) {
    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_counter(struct buffer *out, const char *name, const char *help, int64_t value) {
    if (value < 0)
        return;
    exposition_family(out, name, "counter", help);
    buffer_format(out, "%s %lld\n", name, (long long)value);
}

void exposition_gauge(struct buffer *out, const char *name, const char *help, int64_t value) {
    if (value < 0)
        return;
    exposition_family(out, name, "gauge", help);
    buffer_format(out, "%s %lld\n", name, (long long)value);
}

void exposition_gauge_ms(struct buffer *out, const char *name, const char *help, int64_t ms) {
    if (ms < 0)
        return;
    exposition_family(out, name, "gauge", help);
    buffer_format(out, "%s %.*f\n", name, ms % 1000 == 0 ? 0 : 3, (double)ms / 1000);
}

void exposition_histogram(struct buffer *out, const char *name, const char *label,
                          const struct histogram *histogram) {
    const char *comma = label[0] != '\0' ? "," : "";
    uint64_t count = 0;
    for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
        count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        buffer_format(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, label, comma,
                      (double)histogram_bounds_us[i] / 1e6, (unsigned long long)count);
    }
    count += atomic_load_explicit(&histogram->counts[HISTOGRAM_BOUNDS], memory_order_relaxed);
    buffer_format(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, label, comma, (unsigned long long)count);
    const char *open = label[0] != '\0' ? "{" : "";
    const char *close = label[0] != '\0' ? "}" : "";
    uint64_t sum_us = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
    buffer_format(out, "%s_sum%s%s%s %llu.%06llu\n", name, open, label, close,
                  (unsigned long long)(sum_us / 1000000), (unsigned long long)(sum_us % 1000000));
    buffer_format(out, "%s_count%s%s%s %llu\n", name, open, label, close, (unsigned long long)count);
}

void exposition_label(struct buffer *out, struct span text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '"' || c == '\\' || c == '\n')
            buffer_char(out, '\\');
        buffer_char(out, c == '\n' ? 'n' : c);
    }
}
