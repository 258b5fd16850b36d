/* python.exe: hands its command line to the DLL of CPython, which the wheel that we take it from brings without a program. */
#include <windows.h>

typedef int (*python_main)(int, wchar_t **);

int wmain(int count, wchar_t **arguments)
{
    HMODULE python = LoadLibraryW(PYTHON_DLL);
    python_main start = python ? (python_main)(void *)GetProcAddress(python, "Py_Main") : NULL;
    return start ? start(count, arguments) : 111;
}
