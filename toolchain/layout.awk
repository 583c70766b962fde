# toolchain/layout.names as a script for the linker, in addition to its own: awk -f layout.awk layout.names
#
# A function's name is in the names of the sections of its code and of its literals, a table's in that of its own.
# What the compiler appends to a name (.lto_priv.0, .isra.0) depends on its version.
function section(name, patterns, where) {
    printf "SECTIONS\n{\n%s : {\n%s}\n}\nINSERT AFTER %s;\n", name, patterns, where
}
function sections(prefix, name) {
    return "*(" prefix name " " prefix name ".*)\n"
}
$1 == "f" {
    text = text sections(".text.", $2)
    literals = literals "*(.rodata." $2 ".str1.* .rodata." $2 ".cst* .rodata." $2 ".*.str1.* .rodata." $2 ".*.cst*)\n"
}
$1 == "d" {
    constants = constants sections(".rodata.", $2)
    relocated = relocated sections(".data.rel.ro.", $2) sections(".data.rel.ro.local.", $2)
    zeroed = zeroed sections(".bss.", $2)
}
END {
    section(".text.path", text, ".text")
    section(".rodata.path", literals constants, ".rodata")
    section(".data.rel.ro.path", relocated, ".data.rel.ro")
    section(".bss.path", zeroed, ".data")
}
