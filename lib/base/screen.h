// What a person's terminal can show.
#pragma once

namespace jit {

// Nothing known: words in ASCII.
struct Screen {
    bool is_utf8 = false;
    unsigned columns = 0;
    unsigned rows = 0;

    // Whether a QR code and a few lines around it leave something of what was there before.
    bool has_room_for_picture() const { return is_utf8 && columns >= 80 && rows >= 24; }
};

// Of a terminal, and of the environment that the program was started in: by LC_ALL, LC_CTYPE or
// LANG, the first that is not empty, as setlocale(3) has it. Calls nothing of the C++ runtime.
//   terminal  a descriptor; -1: none
Screen read_screen(int terminal);

} // namespace jit
