# Compile FILES (relative to SRC) and put them into LIB: for libraries whose own build system asks for
# more than it gives. Called by recipes:
#   make -f objs.mk SRC=... LIB=libx.a CFLAGS=... FILES='a.c b.c'
OBJS := $(FILES:.c=.o)

$(LIB): $(OBJS)
	$(AR) rcs $@ $(OBJS)

$(OBJS): %.o: $(SRC)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
