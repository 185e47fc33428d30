/* exit(3): the status is main()'s value & 0377: 200 gives 200. */
/* want-status: 200 */
int main(void)
{
    return 200;
}
