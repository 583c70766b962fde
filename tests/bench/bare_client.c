/*
 * What the network itself costs: the same requests as a driver's, with nothing done about the replies.
 *
 *   bare_client PORT POLLS INTERVAL-MS TARGET...   prints milliseconds of CPU per poll
 *
 * As an event loop has to do it: nothing blocks but poll(2), one connection for each request.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

static void wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    poll(&p, 1, PATIENCE_MS);
}

static void get(int port, const char *target)
{
    char buffer[16384];
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in peer = {.sin_family = AF_INET,
                               .sin_port = htons((unsigned short)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)connect(fd, (struct sockaddr *)&peer, sizeof peer); /* in progress */
    wait_for(fd, POLLOUT);
    int len =
        snprintf(buffer, sizeof buffer,
                 "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n\r\n", target, port);
    if (send(fd, buffer, (size_t)len, MSG_NOSIGNAL) != len) {
        perror("bare_client: send");
        exit(1);
    }
    do
        wait_for(fd, POLLIN);
    while (recv(fd, buffer, sizeof buffer, 0) > 0);
    close(fd);
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    int port = atoi(argv[1]), polls = atoi(argv[2]), interval_ms = atoi(argv[3]);
    double begin = cpu_ms();
    for (int n = 0; n < polls; n++) {
        struct timespec pause = {interval_ms / 1000, interval_ms % 1000 * 1000000L};
        nanosleep(&pause, NULL);
        for (int i = 4; i < argc; i++)
            get(port, argv[i]);
    }
    printf("%.4f\n", (cpu_ms() - begin) / polls);
    return 0;
}
