/*
 * The agent's socket: HOME/agent.sock, mode 0600, in a folder that is nobody else's.
 *
 * Whether an agent runs is told by a lock on HOME/agent.lock, which the system gives up when its process ends, however it ends; a socket that
 * was left behind is never asked. Both ends check that the other is of the same user. Every read and write has a deadline: a peer that is slow,
 * half-open or dead costs a slot for some seconds, no more. A path that is too long for sockets is reached through /proc/self/fd.
 */
#ifndef CS_AGENT_SOCKET_H
#define CS_AGENT_SOCKET_H

#include "field-client/agent/request.h"

#define CS_AGENT_SOCKET_FILE "agent.sock"
#define CS_AGENT_LOCK_FILE "agent.lock"

struct cs_agent_listener {
    int lock;
    int socket;
    int folder; /* of the home */
};

/*
 * CS_EXISTS: an agent runs here already. CS_DENIED: the folder is open to others, or belongs to somebody else. CS_NOT_FOUND: no such folder.
 * CS_IO.
 */
enum cs_status cs_agent_listen(const char *home, struct cs_agent_listener *out,
                               struct cs_problem *problem) CS_MUST_USE;
/* Removes the socket and gives up the lock. */
void cs_agent_listener_close(struct cs_agent_listener *listener);
/* The next connection that is of this user; -1: there is none, or it was somebody else's. Never waits. */
int cs_agent_accept(const struct cs_agent_listener *listener);

/* -1: no agent answers there, or it is not this user's. */
int cs_agent_connect(const char *home);

/* Descriptors of a request; -1 where none came. */
struct cs_agent_files {
    int of[CS_AGENT_FILE_COUNT];
};
void cs_agent_files_close(struct cs_agent_files *files);

/* The request with the descriptors that are there (they stay open here). CS_TIMEOUT, CS_IO, CS_LIMIT. */
enum cs_status cs_agent_send(int connection, const struct cs_agent_request *request,
                             const struct cs_agent_files *files) CS_MUST_USE;
/* A whole request within CS_AGENT_SECONDS_MAX. CS_TIMEOUT, CS_IO; CS_MALFORMED: also with other descriptors than its head says. */
enum cs_status cs_agent_receive(int connection, struct cs_arena *arena,
                                struct cs_agent_request *out,
                                struct cs_agent_files *out_files) CS_MUST_USE;
enum cs_status cs_agent_answer(int connection, const struct cs_agent_answer *answer) CS_MUST_USE;
/* Waits for as long as it takes. CS_IO: the agent ended before it answered. */
enum cs_status cs_agent_await(int connection, struct cs_agent_answer *out) CS_MUST_USE;

#endif
