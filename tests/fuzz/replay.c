// Gives each file of the folders that are named to the fuzz target: what the fuzzer has found is an ordinary test.
#define _DEFAULT_SOURCE // scandir
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_SIZE = 4096, INPUT_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *folder, const char *name) {
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    static uint8_t input[INPUT_MAX];
    size_t size = fread(input, 1, sizeof input, file);
    (void)fclose(file);
    uint8_t *exact = malloc(size > 0 ? size : 1); // so that a read past it is seen
    if (exact == NULL)
        return -1;
    for (size_t i = 0; i < size; i++)
        exact[i] = input[i];
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv) {
    int files = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent **entries;
        int count = scandir(argv[i], &entries, NULL, alphasort);
        for (int e = 0; e < count; e++) {
            if (entries[e]->d_name[0] != '.') {
                if (replay_file(argv[i], entries[e]->d_name) != 0) {
                    (void)fprintf(stderr, "%s/%s cannot be read\n", argv[i], entries[e]->d_name);
                    return 1;
                }
                files++;
            }
            free(entries[e]);
        }
        if (count >= 0)
            free(entries);
    }
    (void)printf("%d inputs\n", files);
    return files > 0 ? 0 : 1;
}
