#define _GNU_SOURCE // dl_iterate_phdr
#include "http/build_id.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>

static size_t build_id_aligned(size_t size, size_t alignment) {
    return (size + alignment - 1) / alignment * alignment;
}

// The build ID among the notes of one segment, which the linker wrote.
static struct span build_id_in_notes(struct span notes, size_t alignment) {
    static const struct span gnu = {ELF_NOTE_GNU, sizeof ELF_NOTE_GNU};
    ElfW(Nhdr) note;
    while (notes.size >= sizeof note) {
        memcpy(&note, notes.data, sizeof note);
        size_t name_end = sizeof note + note.n_namesz;
        size_t begin = build_id_aligned(name_end, alignment);
        size_t end = build_id_aligned(begin + note.n_descsz, alignment);
        if (end > notes.size)
            break;
        const struct span name = {notes.data + sizeof note, note.n_namesz};
        if (note.n_type == NT_GNU_BUILD_ID && span_equal(name, gnu))
            return (struct span){notes.data + begin, note.n_descsz};
        notes = (struct span){notes.data + end, notes.size - end};
    }
    return (struct span){0};
}

// The first object is the program itself; no other is looked at.
static int build_id_visit(struct dl_phdr_info *object, size_t size, void *ret) {
    (void)size;
    struct span *found = ret;
    for (int i = 0; i < object->dlpi_phnum && found->size == 0; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        if (header->p_type != PT_NOTE)
            continue;
        // The loader gives addresses as numbers.
        const char *data = (const char *)(uintptr_t)(object->dlpi_addr + header->p_vaddr);
        *found = build_id_in_notes((struct span){data, header->p_memsz}, header->p_align == 8 ? 8 : 4);
    }
    return 1;
}

struct span build_id(void) {
    struct span found = SPAN("");
    (void)dl_iterate_phdr(build_id_visit, &found);
    return found;
}
